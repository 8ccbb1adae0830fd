/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Going to the background. The parent stays until the service is ready, so
 * that whoever started it knows, and sees what was wrong. */
#include "supervisor/background.h"

#include "base/exit_code.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void
await(int fd, pid_t child)
{
	char byte;
	int status;
	ssize_t n;

	do
		n = read(fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n == 1)
		_exit(EXIT_SUCCESS);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	_exit(WIFEXITED(status) && WEXITSTATUS(status) != 0
	      ? WEXITSTATUS(status) : EXIT_START);
}

int
background_begin(void)
{
	int ends[2];

	if (pipe(ends) != 0)
		return -1;
	pid_t child = fork();
	if (child < 0) {
		close(ends[0]);
		close(ends[1]);
		return -1;
	}
	if (child > 0) {
		close(ends[1]);
		await(ends[0], child);
	}
	close(ends[0]);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	setsid();
	if (chdir("/") != 0)
		return -1;
	return ends[1];
}

void
background_release(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; null >= 0 && i <= STDERR_FILENO; i++)
		dup2(null, i);
	if (null > STDERR_FILENO)
		close(null);
}

void
background_ready(int *fd)
{
	if (*fd < 0)
		return;
	background_release();
	ssize_t ignored = write(*fd, "", 1);
	(void)ignored;
	close(*fd);
	*fd = -1;
}
