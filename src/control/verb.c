/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `-s VERB`: what the operator wants of the running master. The unix stream
 * socket run_dir/control takes one verb as a line; lines come back, each a
 * letter, a space and text: '+' progress, then one of 'K' done or 'F' refused
 * or failed. supervisor/control_socket.c is the other end. */
#include "control/verb.h"

#include "base/clock.h"
#include "base/pid_file.h"
#include "base/service_health.h"
#include "control/status.h"
#include "control/top.h"

#include <assert.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	LONGEST_VERB = 32,
	LONGEST_ANSWER = 1024 * 1024,
	LONGEST_STATUS = 16 * 1024 * 1024,
	LONGEST_PID_FILE = 32,
	LONGEST_LINE = 1024,
	GONE_WAIT_MS = 5000,    /* for the lock after the last word */
	GONE_LOOK_MS = 20
};

static void
put(FILE *where, const struct buf *text)
{
	if (text->len > 0)
		fwrite(text->at, 1, text->len, where);
}

/* Among what the process has open, the file whose lock it holds, into path;
 * false where it has none, or we may not look. */
static bool
find_pid_file(const char *pid, char path[PATH_MAX])
{
	char folder[64];
	struct stat st;
	bool is_found = false;

	snprintf(folder, sizeof(folder), "/proc/%.20s/fd", pid);
	DIR *d = opendir(folder);
	if (d == NULL)
		return false;
	for (struct dirent *e; !is_found && (e = readdir(d)) != NULL;) {
		ssize_t n = readlinkat(dirfd(d), e->d_name, path,
				       PATH_MAX - 1);
		if (n <= 0 || path[0] != '/')
			continue;
		path[n] = '\0';
		/* Others are opened for nothing, and might be large. */
		is_found = stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
			   st.st_size < LONGEST_PID_FILE &&
			   pid_file_owner(path) == strtol(pid, NULL, 10);
	}
	closedir(d);
	return is_found;
}

/* Tells the masters of this machine, by their titles in /proc: perhaps it was
 * started with another configuration. A title can be anyone's: it is only
 * shown. */
static enum exit_code
not_running(const struct verb_request *request)
{
	static const char title[] = "guerrilla-smtpd: master";
	char path[PATH_MAX], text[sizeof(title)];
	DIR *proc = opendir("/proc");

	fprintf(stderr, "guerrilla-smtpd: not running: nobody holds %s\n",
		request->pid_file);
	if (proc == NULL)
		return EXIT_NOT_RUNNING;
	for (struct dirent *e; (e = readdir(proc)) != NULL;) {
		snprintf(path, sizeof(path), "/proc/%.20s/cmdline", e->d_name);
		int fd = isdigit((unsigned char)e->d_name[0])
			? open(path, O_RDONLY | O_CLOEXEC) : -1;
		if (fd < 0)
			continue;
		ssize_t n = read(fd, text, sizeof(title) - 1);
		close(fd);
		if (n != sizeof(title) - 1 ||
		    memcmp(text, title, (size_t)n) != 0)
			continue;
		if (find_pid_file(e->d_name, path))
			fprintf(stderr, "process %.20s is a master, with pid "
				"file %s\n", e->d_name, path);
		else
			fprintf(stderr, "process %.20s is a master\n",
				e->d_name);
	}
	closedir(proc);
	return EXIT_NOT_RUNNING;
}

static enum exit_code
show_status(const struct verb_request *request)
{
	struct moment now = { clock_us(), clock_wall_us() };
	struct status_shape shape = { request->is_wide ? 0 : STATUS_WIDTH,
				      STATUS_BY_PLACE };
	struct buf text = BUF(LONGEST_STATUS), faults = BUF(LONGEST_ANSWER);
	struct service_health h;

	/* A scoreboard may lie there after its master was killed. */
	pid_t owner = pid_file_owner(request->pid_file);
	if (owner == 0)
		return not_running(request);
	struct scoreboard *b = owner > 0 ? scoreboard_open(request->run_dir) :
					   NULL;
	if (b == NULL) {
		fprintf(stderr, "guerrilla-smtpd: cannot read %s%s: %s%s\n",
			owner > 0 ? request->run_dir : request->pid_file,
			owner > 0 ? "/scoreboard" : "",
			errno == EPROTO ? "another version wrote it" :
					  strerror(errno),
			errno == EACCES ? "; ask as root or as the service's "
					  "account" : "");
		return EXIT_REFUSED;
	}
	bool is_well;
	if (request->as_json) {
		status_print_json(b, now.now_us, now.wall_us, &text);
		service_health_read(b, &h);
		is_well = service_health_faults(&h, now.wall_us / 1000000,
						&faults) == 0;
		buf_release(&faults);
	} else {
		is_well = status_print_summary(b, &now, &text);
		buf_append_byte(&text, '\n');
		status_print_table(b, &now, &shape, &text);
	}
	put(stdout, &text);
	buf_release(&text);
	scoreboard_close(&b);
	if (fflush(stdout) != 0)
		return EXIT_REFUSED;
	return is_well ? EXIT_DONE : EXIT_DEGRADED;
}

/* ---- What the master is asked -------------------------------------------- */

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

/* Sends the verb and waits until its outcome is known. `answer` gets the
 * sentences to print, a line each. After "stop" and "kill" the master is gone
 * when this returns. EXIT_NOT_RUNNING comes without a sentence. */
static enum exit_code
ask_master(const char *run_dir, const char *pid_file, const char *verb,
	   struct buf *answer)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char request[64], text[LONGEST_LINE];
	pid_t master = pid_file_owner(pid_file);

	if (master == 0)
		return EXIT_NOT_RUNNING;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int len = snprintf(address.sun_path, sizeof(address.sun_path),
			   "%s/control", run_dir);
	bool is_long = len >= (int)sizeof(address.sun_path);
	if (is_long)
		errno = ENAMETOOLONG;
	if (fd < 0 || is_long ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		snprintf(text, sizeof(text),
			 "process %ld runs, but %s/control does not answer: %s",
			 (long)master, run_dir, strerror(errno));
		keep_text(answer, text);
		if (fd >= 0)
			close(fd);
		return EXIT_REFUSED;
	}
	len = snprintf(request, sizeof(request), "%s\n", verb);
	assert(len > 0 && (size_t)len < sizeof(request));
	if (send(fd, request, (size_t)len, MSG_NOSIGNAL) != len)
		keep_text(answer, "the request could not be sent");
	enum exit_code outcome = listen_for_outcome(fd, answer);
	bool is_end = strcmp(verb, "stop") == 0 || strcmp(verb, "kill") == 0;
	/* After its last word the master still has to end: a script that
	 * starts the next one at once must not meet the lock of this one. */
	int64_t until_ms = clock_ms() + GONE_WAIT_MS;
	while (outcome == EXIT_DONE && is_end &&
	       pid_file_owner(pid_file) > 0 && clock_ms() < until_ms)
		poll(NULL, 0, GONE_LOOK_MS);
	return outcome;
}

enum exit_code
verb_run(const struct verb_request *request)
{
	struct buf answer = BUF(LONGEST_ANSWER);
	char verb[LONGEST_VERB];

	if (strcmp(request->verb, "status") == 0)
		return show_status(request);
	if (strcmp(request->verb, "top") == 0 &&
	    pid_file_owner(request->pid_file) == 0)
		return not_running(request);
	if (strcmp(request->verb, "top") == 0)
		return top_run(request->run_dir, request->pid_file);
	snprintf(verb, sizeof(verb), "%s%s%.20s", request->verb,
		 request->length != NULL ? " " : "",
		 request->length != NULL ? request->length : "");
	enum exit_code outcome = ask_master(request->run_dir,
					    request->pid_file, verb,
					    &answer);
	put(outcome == EXIT_DONE ? stdout : stderr, &answer);
	buf_release(&answer);
	return outcome == EXIT_NOT_RUNNING ? not_running(request) : outcome;
}
