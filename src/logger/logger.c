/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The logger takes lines from the queue onto its backlog and writes them from
 * there. The backlog is shared memory: a logger that is killed between the two
 * leaves the lines on it, and the next one begins with those. A line may so
 * be written twice; none that was sent is lost. */
#include "logger/logger.h"

#include "base/clock.h"
#include "base/log_line.h"
#include "base/shared_memory.h"
#include "logger/target.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	BACKLOG_DATAGRAMS = 32,
	BACKLOG_DATAGRAM_SIZE = LOG_DATAGRAM_SIZE + 7,
	LINES_A_WRITE = 64,
	TURN_MS = 1000, /* between heartbeats at most */
	GATHER_MS = 2
};

/* A datagram is lines that end with LF, the last one with LF and NUL. None
 * lies where its first byte is NUL. */
struct log_backlog {
	char datagrams[BACKLOG_DATAGRAMS][BACKLOG_DATAGRAM_SIZE];
};

struct logger {
	const struct logger_duty *duty;
	const struct child_context *context;
	struct target target;
	uint64_t lost_told;
	bool is_leaving;                /* once the queue is empty */
	bool is_gone;                   /* now */
	bool has_master;
};

static size_t
backlog_size(void)
{
	return shared_memory_pages(sizeof(struct log_backlog));
}

int
log_backlogs_open(size_t count)
{
	return shared_memory_open("guerrilla-smtpd backlogs",
				  count * backlog_size());
}

bool
log_backlogs_fit(size_t count, int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 &&
	       st.st_size == (off_t)(count * backlog_size());
}

struct log_backlog *
log_backlog_map(int fd, size_t i)
{
	assert(fd >= 0);
	void *at = mmap(NULL, backlog_size(), PROT_READ | PROT_WRITE,
			MAP_SHARED, fd, (off_t)(i * backlog_size()));

	return at != MAP_FAILED ? at : NULL;
}

/* Its own lines do not go through the queue, which may be full. */
static void
note(struct logger *l, enum log_level level, const char *message,
     const struct log_field *fields)
{
	char bytes[LOG_LINE_SIZE + 1];
	struct log_line line;
	const struct log_origin origin = {
		.level = level,
		.format = l->duty->settings->format,
		.wall_us = clock_wall_us(),
		.name = "logger",
		.pid = (int)getpid(),
	};

	if (level < l->duty->settings->level)
		return;
	log_line_make(&line, &origin, message, fields);
	assert(line.len > 0 && line.len < sizeof(bytes));
	bytes[0] = (char)('0' + level);
	memcpy(bytes + 1, line.at, line.len);
	target_write(&l->target, &(struct view){ bytes, line.len + 1 }, 1);
}

/* Counts and writes what lies on the backlog, and clears it. */
static void
clear_backlog(struct logger *l)
{
	struct log_backlog *backlog = l->context->backlog;
	struct view lines[LINES_A_WRITE];
	size_t count = 0;

	for (size_t i = 0; i < BACKLOG_DATAGRAMS; i++) {
		const char *at = backlog->datagrams[i];
		const char *end = at + strnlen(at, BACKLOG_DATAGRAM_SIZE);
		while (at < end) {
			const char *lf = memchr(at, '\n', (size_t)(end - at));
			if (lf == NULL)
				break;
			if (*at >= '0' && *at <= '0' + LOG_LEVEL_ERROR)
				slot_count_in(l->context->slot,
					      SERIES_LOG_LINES,
					      (size_t)(*at - '0'));
			if (lf - at > 1)
				lines[count++] = (struct view){
					at, (size_t)(lf - at) + 1 };
			at = lf + 1;
			if (count == LINES_A_WRITE) {
				target_write(&l->target, lines, count);
				count = 0;
			}
		}
	}
	target_write(&l->target, lines, count);
	for (size_t i = 0; i < BACKLOG_DATAGRAMS; i++)
		backlog->datagrams[i][0] = '\0';
	uint64_t lost = l->target.lost, more = lost - l->lost_told;
	if (more == 0)
		return;
	slot_count(l->context->slot, COUNT_LOG_DROPPED, more);
	note(l, LOG_LEVEL_ERROR, "lines could not be written",
	     (const struct log_field[]){ LOG_NUM("lines", more),
					 { .key = NULL } });
	/* That line may have failed as well: it is not one of theirs, and
	 * what was lost is told again until it gets through. */
	if (l->target.lost == lost)
		l->lost_told = lost;
	l->target.lost = lost;
}

/* Takes lines until the queue is empty or the backlog is full; false where
 * nobody is left who could send one. */
static bool
fill_backlog(struct logger *l, bool *is_empty_out)
{
	struct log_backlog *backlog = l->context->backlog;

	*is_empty_out = false;
	for (size_t i = 0; i < BACKLOG_DATAGRAMS; i++) {
		char *at = backlog->datagrams[i];
		ssize_t n = recv(l->duty->lines, at,
				 BACKLOG_DATAGRAM_SIZE - 1, MSG_DONTWAIT);
		if (n > 0) {
			/* Only a process gone mad sends one without end. */
			at[n - 1] = '\n';
			at[n] = '\0';
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		*is_empty_out = true;
		return n < 0;
	}
	return true;
}

static void
hear(struct logger *l)
{
	static const struct log_field none[] = { { .key = NULL } };
	char words[16];

	ssize_t n = recv(l->context->channel, words, sizeof(words),
			 MSG_DONTWAIT);
	for (ssize_t i = 0; i < n; i++)
		switch (words[i]) {
		case CHILD_REOPEN:
			if (target_reopen(&l->target) == 0)
				note(l, LOG_LEVEL_INFO, "log file opened again",
				     none);
			else
				note(l, LOG_LEVEL_WARN, "the log file cannot "
				     "be opened again: the old one is kept",
				     (const struct log_field[]){
					LOG_STR("file",
						l->duty->settings->target),
					LOG_STR("error", logger_fault(errno)),
					{ .key = NULL } });
			break;
		case CHILD_STOP:
			l->is_leaving = true;
			break;
		case CHILD_DRAIN:       /* another one takes lines by now */
		case CHILD_QUIT:
			l->is_gone = true;
			break;
		}
	/* Without a master: stay until the last process has said its last. */
	if (n == 0)
		l->has_master = false;
}

int
logger_run(const struct logger_duty *duty, const struct child_context *context)
{
	static const char ready = CHILD_READY;
	const struct timespec pause = { .tv_nsec = GATHER_MS * 1000000L };
	bool is_empty = true;           /* the queue, when it was last read */
	struct logger l = { .duty = duty,
			    .context = context,
			    .has_master = true };

	target_init(&l.target, duty->settings, duty->file);
	if (sandbox_enter(context->sandbox, context->slot) != 0)
		note(&l, LOG_LEVEL_ERROR, "the sandbox cannot be entered",
		     (const struct log_field[]){
			LOG_STR("error", strerror(errno)), { .key = NULL } });
	/* The master's descriptor may be that of a file rotated long ago. */
	target_reopen(&l.target);
	clear_backlog(&l);
	slot_set_state(context->slot, SLOT_READY);
	send(context->channel, &ready, 1, MSG_NOSIGNAL);
	while (!l.is_gone) {
		struct pollfd polls[] = {
			{ .fd = duty->lines, .events = POLLIN },
			{ .fd = l.has_master ? context->channel : -1,
			  .events = POLLIN },
		};
		slot_beat(context->slot, SLOT_LOOP);
		if (poll(polls, 2, l.is_leaving ? 0 : TURN_MS) < 0)
			continue;
		/* Under load lines come by the thousand a second: waking for
		 * each would cost its writer more than making it. The queue
		 * holds them meanwhile. */
		if (polls[1].revents != 0)
			hear(&l);
		else if (!l.is_leaving && is_empty)
			nanosleep(&pause, NULL);
		if (l.is_gone)
			break;
		l.is_gone = !fill_backlog(&l, &is_empty);
		clear_backlog(&l);
		l.is_gone |= is_empty && l.is_leaving;
	}
	return EXIT_SUCCESS;
}
