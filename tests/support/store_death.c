/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The linker sends these calls here: --wrap in the Makefile. */
#include "support/store_death.h"

#include "janitor/janitor.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static long steps_left;

void
store_death_in(long steps)
{
	steps_left = steps;
}

static void
step(void)
{
	if (steps_left > 0 && --steps_left == 0)
		raise(SIGKILL);
}

#define WRAP(call, parameters, ...)                                            \
	int __real_##call parameters;                                          \
	int __wrap_##call parameters;                                          \
	int __wrap_##call parameters                                           \
	{                                                                      \
		step();                                                        \
		int result = __real_##call(__VA_ARGS__);                       \
		step();                                                        \
		return result;                                                 \
	}

WRAP(rename, (const char *from, const char *to), from, to)
WRAP(unlink, (const char *path), path)
WRAP(fsync, (int fd), fd)
WRAP(mysql_stmt_execute, (void *statement), statement)

int
store_run_janitor(struct store_settings *settings, double seconds, long death)
{
	int ends[2];
	char word = CHILD_DRAIN;
	int status = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
		abort();
	pid_t child = fork();
	if (child == 0) {
		struct child_context context = { .channel = ends[1] };
		close(ends[0]);
		settings->is_spool_ours = true;
		store_death_in(death);
		_exit(janitor_run(settings, &context));
	}
	close(ends[1]);
	struct pollfd ready = { .fd = ends[0], .events = POLLIN };
	struct pollfd end[] = { { .fd = ends[0], .events = POLLIN },
				{ .fd = STDIN_FILENO, .events = POLLIN } };
	char answer = 0;
	if (poll(&ready, 1, -1) == 1 && read(ends[0], &answer, 1) == 1)
		poll(end, 2, (int)(seconds * 1000));
	send(ends[0], &word, 1, MSG_NOSIGNAL);
	waitpid(child, &status, 0);
	close(ends[0]);
	return status;
}
