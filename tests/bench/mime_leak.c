/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the MIME stage keeps anything of the messages it has read: so many
 * different ones, each with names, charsets and addresses of its own. Fails
 * where the process grows. */
#include "mime/row.h"

#include <string.h>
#include <unistd.h>

enum { MAILS = 100000, WARM = 10000, MOST_KB = 1024 };

static long
resident_kb(void)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	if (file == NULL || fscanf(file, "%*s %ld", &pages) != 1)
		exit(1);
	fclose(file);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void
make(struct message *m, unsigned i)
{
	static const char *const charsets[] = { "koi8-r", "big5", "x-evil",
		"iso-2022-jp", "utf-16", "windows-1252", "gb2312", "euc-kr" };
	char text[4096];
	const char *charset = charsets[i % 8];
	int n = snprintf(text, sizeof(text),
		"From: \"Doe %u\" <joe%u@d%u.example>, =?%s-%u?q?=41?= <x@y>\n"
		"To: Team %u: you%u@example.com, (c%u) x@xn--%u.example;\n"
		"Subject: =?%s?b?QUJD?= =?x-s%u?q?=E9?= %u\n"
		"Content-Type: multipart/mixed; boundary*0*=%s%u''b%%41;\n"
		" boundary*1=\"%u\"; x%u=y; name=\"=?x-n%u?q?=E9?=\"\n\n"
		"--bA%u\nContent-Type: text/x%u; charset=%s%u; name*=%s''%%E9\n"
		"Content-Transfer-Encoding: base64\n\nQUJD=\nREVG\n--bA%u\n"
		"Content-Type: text/plain; charset=%s\n"
		"Content-Disposition: attachment; filename*=x%u'en'%%E9%u\n\n"
		"text %u \xe9\n--bA%u--\n",
		i, i, i, charset, i, i, i, i, i, charset, i, i, charset, i, i,
		i, i, i, i, charset, i, charset, i, charset, i, i, i, i);

	if (n < 0 || (size_t)n >= sizeof(text))
		exit(1);
	(void)chain_append(&m->raw, (struct view){ text, (size_t)n });
}

int
main(void)
{
	struct mime *mime = mime_new(&row_settings);
	struct arena arena = { 0 };
	long start = 0;

	mime_warm_up();
	for (unsigned i = 0; i < MAILS; i++) {
		struct message m = { .envelope.sender = VIEW("a@b") };
		struct mail mail = { .message = &m };
		make(&m, i);
		mime_read(mime, &m, &arena, &mail);
		arena_reset(&arena);
		chain_free(&m.raw);
		if (i == WARM)
			start = resident_kb();
	}
	long grown = resident_kb() - start;
	printf("%d different mails: %ld KB resident, %ld KB more than after "
	       "%d\n", MAILS, start + grown, grown, WARM);
	arena_free(&arena);
	mime_free(&mime);
	return grown > MOST_KB;
}
