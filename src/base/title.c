/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Process titles: Linux shows what lies in the memory where the arguments
 * and the environment were put at the start, so the text goes there. */
#include "base/title.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

static struct {
	char *at;
	size_t size;
} room;

/* The end of the run of strings that begins at `at`, where the next string
 * follows the one before without a gap. */
static char *
end_of_run(char *end, char *const *list)
{
	for (; *list != NULL; list++)
		if (*list == end)
			end += strlen(*list) + 1;
	return end;
}

static char **
copy_list(char *const *list)
{
	size_t count = 0;

	while (list[count] != NULL)
		count++;
	char **copy = memory_new(count + 1, sizeof(*copy));
	for (size_t i = 0; i < count; i++)
		copy[i] = memory_copy_text(list[i]);
	return copy;
}

char **
title_prepare(int argc, char **argv)
{
	char **arguments = copy_list(argv);

	if (argc < 1)
		return arguments;
	char *end = end_of_run(argv[0], argv);
	end = end_of_run(end, environ);
	environ = copy_list(environ);
	room.at = argv[0];
	room.size = (size_t)(end - argv[0]);
	return arguments;
}

void
title_set(const char *format, ...)
{
	char text[128];
	va_list args;

	if (room.size == 0)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	memset(room.at, 0, room.size);
	snprintf(room.at, room.size, "guerrilla-smtpd: %s", text);
#ifdef __linux__
	/* The short name too: after an upgrade it would be a descriptor's
	 * number. */
	prctl(PR_SET_NAME, "guerrilla-smtpd");
#endif
}
