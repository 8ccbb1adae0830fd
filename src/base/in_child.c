/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A child, a pipe and a sentence. */
#include "base/in_child.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Before the sentence, which may be empty. */
enum { FINE = '+', REFUSED = '-', SENTENCE_SIZE = 4096 };

bool
in_child(bool (*check)(const void *what, char *why, size_t size),
	 const void *what, char *why, size_t size)
{
	char said[SENTENCE_SIZE] = "";
	size_t len = 0;
	ssize_t n;
	int ends[2];

	assert(size > 0);
	snprintf(why, size, "no process could be started to look at it");
	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	pid_t child = fork();
	if (child == 0) {
		bool is_fine = check(what, said + 1, sizeof(said) - 1);
		said[0] = is_fine ? FINE : REFUSED;
		n = write(ends[1], said, strlen(said));
		(void)n;
		_exit(0);
	}
	close(ends[1]);
	/* All of it, until the child ends. */
	while (child > 0 && len < sizeof(said) - 1) {
		n = read(ends[0], said + len, sizeof(said) - 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	said[len] = '\0';
	close(ends[0]);
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	if (len == 0)
		return false;
	snprintf(why, size, "%s", said + 1);
	return said[0] == FINE;
}
