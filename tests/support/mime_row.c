/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prints the row of each message named: readable, or with -0 as pairs of
 * name and value, each ended by a NUL and a message by an empty name. */
#include "mime/row.h"

#include <string.h>

static void
print_pair(const char *name, struct view value)
{
	printf("%s%c", name, 0);
	fwrite(value.at, 1, value.len, stdout);
	putchar(0);
}

static void
print_pairs(const struct mail *mail)
{
	print_pair("from", mail->from);
	print_pair("subject", mail->subject);
	print_pair("content_type", mail->content_type);
	print_pair("charset", mail->charset);
	print_pair("has_attach", mail->has_attach ? VIEW("1") : VIEW("0"));
	print_pair("body", mail->body);
	putchar(0);
}

int
main(int argc, char **argv)
{
	bool is_for_machines = argc > 1 && strcmp(argv[1], "-0") == 0;
	struct mime *mime = mime_new(&row_settings);

	for (int i = is_for_machines ? 2 : 1; i < argc; i++) {
		struct message message;
		struct arena arena = { 0 };
		struct mail mail = { .message = &message };
		if (!row_load(argv[i], &message)) {
			perror(argv[i]);
			return 1;
		}
		mime_read(mime, &message, &arena, &mail);
		if (is_for_machines)
			print_pairs(&mail);
		else
			row_print(stdout, &mail);
		arena_free(&arena);
		chain_free(&message.raw);
	}
	mime_free(&mime);
	return 0;
}
