/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Faults by request, for a test build: linked with --wrap=mime_read, so that a
 * message can name what shall happen when it is parsed. The program itself
 * has no such thing in it. */
#include "mime/mime.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LEAK_BYTES = 16 << 20 };

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

void
__wrap_mime_read(struct mime *m, const struct message *message,
		 struct arena *arena, struct mail *mail)
{
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
