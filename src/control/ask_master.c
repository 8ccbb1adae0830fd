/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The asking end of run_dir/control; supervisor/control_socket.c is the
 * other. */
#include "control/ask_master.h"

#include "base/clock.h"
#include "base/pid_file.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	LONGEST_LINE = 1024,
	GONE_WAIT_MS = 5000,    /* for the lock after the last word */
	GONE_LOOK_MS = 20
};

static int
dial(const char *run_dir)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int len = snprintf(address.sun_path, sizeof(address.sun_path),
			   "%s/control", run_dir);

	if (len < 0 || (size_t)len >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address,
			      sizeof(address)) == 0)
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* The master may be anyone's program by now: nothing of it reaches the
 * terminal but printable ASCII. */
static void
keep_text(struct buf *answer, const char *text)
{
	for (; *text != '\0'; text++)
		buf_append_byte(answer, *text >= ' ' && *text <= '~' ? *text
								     : '?');
	buf_append_byte(answer, '\n');
}

static enum exit_code
listen_for_outcome(int fd, struct buf *answer)
{
	char line[LONGEST_LINE];
	FILE *lines = fdopen(fd, "r");
	enum exit_code outcome = EXIT_REFUSED;
	bool is_known = false;

	if (lines == NULL) {
		close(fd);
		return EXIT_REFUSED;
	}
	while (!is_known && fgets(line, sizeof(line), lines) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '\0' && line[1] == ' ')
			keep_text(answer, line + 2);
		is_known = line[0] == 'K' || line[0] == 'F';
		outcome = line[0] == 'K' ? EXIT_DONE : EXIT_REFUSED;
	}
	fclose(lines);
	if (!is_known)
		keep_text(answer, "the master went away without an answer");
	return outcome;
}

/* After its last word the master still has to end: a script that starts the
 * next one at once must not meet the lock of this one. */
static void
await_end(const char *pid_file)
{
	int64_t until_ms = clock_ms() + GONE_WAIT_MS;

	while (pid_file_owner(pid_file) > 0 && clock_ms() < until_ms)
		poll(NULL, 0, GONE_LOOK_MS);
}

static enum exit_code
cannot_dial(const char *run_dir, pid_t master, struct buf *answer)
{
	char text[LONGEST_LINE];

	snprintf(text, sizeof(text),
		 "process %ld runs, but %s/control does not answer: %s",
		 (long)master, run_dir, strerror(errno));
	keep_text(answer, text);
	return EXIT_REFUSED;
}

enum exit_code
ask_master(const char *run_dir, const char *pid_file, const char *verb,
	   struct buf *answer)
{
	char request[64];
	pid_t master = pid_file_owner(pid_file);

	if (master == 0)
		return EXIT_NOT_RUNNING;
	int fd = dial(run_dir);
	if (fd < 0)
		return cannot_dial(run_dir, master, answer);
	int len = snprintf(request, sizeof(request), "%s\n", verb);
	if (send(fd, request, (size_t)len, MSG_NOSIGNAL) != len)
		keep_text(answer, "the request could not be sent");
	enum exit_code outcome = listen_for_outcome(fd, answer);
	bool is_end = strcmp(verb, "stop") == 0 || strcmp(verb, "kill") == 0;
	if (outcome == EXIT_DONE && is_end)
		await_end(pid_file);
	return outcome;
}
