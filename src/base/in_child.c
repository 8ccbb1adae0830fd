/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A child, a pipe and a sentence. */
#include "base/in_child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Before the sentence, which may be empty. */
enum { FINE = '+', REFUSED = '-', SENTENCE_SIZE = 4096 };

static _Noreturn void
answer(bool (*check)(const void *what, char *why, size_t size),
       const void *what, int pipe)
{
	char said[SENTENCE_SIZE] = "";

	bool is_fine = check(what, said + 1, sizeof(said) - 1);
	said[0] = is_fine ? FINE : REFUSED;
	ssize_t ignored = write(pipe, said, strlen(said));
	(void)ignored;
	_exit(0);
}

/* All of it, until the child ends; how much. */
static size_t
hear(int pipe, char said[SENTENCE_SIZE])
{
	size_t len = 0;

	while (len < SENTENCE_SIZE - 1) {
		ssize_t n = read(pipe, said + len, SENTENCE_SIZE - 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	said[len] = '\0';
	return len;
}

bool
in_child(bool (*check)(const void *what, char *why, size_t size),
	 const void *what, char *why, size_t size)
{
	char said[SENTENCE_SIZE];
	int ends[2];

	snprintf(why, size, "no process could be started to look at it");
	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	pid_t child = fork();
	if (child == 0)
		answer(check, what, ends[1]);
	close(ends[1]);
	size_t len = child > 0 ? hear(ends[0], said) : 0;
	close(ends[0]);
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	if (len == 0)
		return false;
	snprintf(why, size, "%s", said + 1);
	return said[0] == FINE;
}
