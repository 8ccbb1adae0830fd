/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Faults by request, for a test build: linked with --wrap=mime_read and two
 * functions of GMime, so that a message can name what shall happen when it is
 * parsed. The program itself
 * has no such thing in it. */
#include "mime/mime.h"

#include <gmime/gmime.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { LEAK_BYTES = 16 << 20, REQUESTS = 60 };

void __real_mime_read(struct mime *m, const struct message *message,
		      struct arena *arena, struct mail *mail);
void __wrap_mime_read(struct mime *m, const struct message *message,
		      struct arena *arena, struct mail *mail);

static bool
says(const struct message *message, const char *text)
{
	const struct piece *first = message->raw.first;

	return first != NULL && memmem(first->bytes, first->len, text,
				       strlen(text)) != NULL;
}

/* Leaves as many requests as the socket named behind "X-Fragile: kill " takes,
 * and is gone before anybody can see who that was. */
static void
kill_master(const struct message *message)
{
	static const char field[] = "X-Fragile: kill ", verb[] = "kill\n";
	const struct piece *first = message->raw.first;
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	const char *path = memmem(first->bytes, first->len, field,
				  sizeof(field) - 1);
	path += sizeof(field) - 1;
	memcpy(to.sun_path, path, strcspn(path, "\r"));
	for (int i = 0; i < REQUESTS; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
			send(fd, verb, sizeof(verb) - 1, MSG_NOSIGNAL);
	}
	_exit(1);
}

void
__wrap_mime_read(struct mime *m, const struct message *message,
		 struct arena *arena, struct mail *mail)
{
	if (says(message, "X-Fragile: kill "))
		kill_master(message);
	if (says(message, "X-Fragile: crash"))
		raise(SIGSEGV);
	if (says(message, "X-Fragile: abort"))
		abort();
	while (says(message, "X-Fragile: hang"))
		pause();
	if (says(message, "X-Fragile: leak")) {
		volatile char *lost = malloc(LEAK_BYTES);
		for (size_t i = 0; lost != NULL && i < LEAK_BYTES; i += 4096)
			lost[i] = 1;
	}
	__real_mime_read(m, message, arena, mail);
}

InternetAddressList *__real_internet_address_list_parse(
	GMimeParserOptions *options, const char *text);
InternetAddressList *__wrap_internet_address_list_parse(
	GMimeParserOptions *options, const char *text);

InternetAddressList *
__wrap_internet_address_list_parse(GMimeParserOptions *options,
				   const char *text)
{
	if (strstr(text, "gmime-crash") != NULL)
		raise(SIGSEGV);
	return __real_internet_address_list_parse(options, text);
}

GMimeContentType *__real_g_mime_content_type_parse(GMimeParserOptions *options,
						   const char *text);
GMimeContentType *__wrap_g_mime_content_type_parse(GMimeParserOptions *options,
						   const char *text);

/* GLib ends the process where it gets no memory. */
GMimeContentType *
__wrap_g_mime_content_type_parse(GMimeParserOptions *options,
				 const char *text)
{
	if (strstr(text, "gmime-memory") != NULL)
		g_free(g_malloc(G_MAXSIZE / 2));
	return __real_g_mime_content_type_parse(options, text);
}
