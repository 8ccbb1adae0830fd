/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log client of a process: one event, one datagram to the logger, never
 * waiting. Before log_init() lines go to stderr. A warning that comes again
 * and again is let through a few times a window, then only counted. */
#include "base/log.h"

#include "base/clock.h"
#include "base/log_line.h"
#include "base/scoreboard.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	REPEATS = 16,           /* different warnings that are watched */
	REPEAT_BURST = 100,     /* of one, let through in a window */
	REPEAT_WINDOW_MS = 10000,
	QUEUE_BYTES = 4 << 20,
	TELL_AGAIN_MS = 60 * 1000
};

/* A message is a constant, so its address tells it. */
struct repeat {
	const char *message;
	int64_t since_ms;
	unsigned seen;
};

static struct log_client client = { .fd = -1,
				    .level = LOG_LEVEL_INFO,
				    .name = "start" };
static int own_pid;             /* 0: ask */
static _Thread_local struct log_gathered *gathered;     /* NULL: none */
static struct repeat repeats[REPEATS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void
forget_pid(void)
{
	own_pid = 0;
}

/* When each was told last, with its detail: (ms << 16) + detail. Of this
 * process until log_pair() makes it everybody's. */
static _Atomic int64_t own_told[LOG_TROUBLES];
static _Atomic int64_t *told = own_told;

void
log_init(const struct log_client *new_client)
{
	client = *new_client;
	if (own_pid == 0)
		pthread_atfork(NULL, NULL, forget_pid);
	own_pid = (int)getpid();
}

bool
log_wants(enum log_level level)
{
	return level >= client.level;
}

enum log_level
log_level_once(enum log_level level)
{
	return client.is_echo ? LOG_LEVEL_DEBUG : level;
}

/* False where the datagram is lost. */
static bool
send_datagram(const struct iovec *parts, size_t count)
{
	struct msghdr datagram = { .msg_iov = (struct iovec *)parts,
				   .msg_iovlen = count };

	while (sendmsg(client.fd, &datagram, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return false;
	return true;
}

/* How many lines are lost. */
static unsigned
send_gathered(void)
{
	const struct iovec part = { gathered->bytes, gathered->len };
	unsigned lines = gathered->lines;

	gathered->len = 0;
	gathered->lines = 0;
	return lines == 0 || send_datagram(&part, 1) ? 0 : lines;
}

/* How many lines are lost: this one, or those that it found gathered. */
static unsigned
write_event(enum log_level level, const char *message,
	    const struct log_field *fields)
{
	struct log_line line;
	const struct log_origin origin = {
		.level = level,
		.format = client.format,
		.wall_us = clock_wall_us(),
		.name = client.name,
		.pid = own_pid != 0 ? own_pid : (int)getpid(),
	};

	log_line_make(&line, &origin, message, fields);
	if (client.fd < 0) {
		ssize_t ignored = write(STDERR_FILENO, line.at, line.len);
		(void)ignored;
		return 0;
	}
	/* The level goes before the line: syslog wants it. */
	char digit = (char)('0' + level);
	const struct iovec parts[] = {
		{ .iov_base = &digit, .iov_len = 1 },
		{ .iov_base = line.at, .iov_len = line.len },
	};
	unsigned lost = 0;
	if (gathered != NULL && (level >= LOG_LEVEL_WARN ||
	    gathered->len + 1 + line.len > sizeof(gathered->bytes)))
		lost = send_gathered();
	if (gathered == NULL || level >= LOG_LEVEL_WARN)
		return lost + !send_datagram(parts, 2);
	gathered->bytes[gathered->len] = digit;
	memcpy(gathered->bytes + gathered->len + 1, line.at, line.len);
	gathered->len += 1 + line.len;
	gathered->lines++;
	return lost;
}

/* Whether the event may pass; how many were kept back before it. It is watched
 * in the place of the one that was quiet for longest, where it is not yet; goes
 * through unwatched where all are busy. */
static bool
may_pass(const char *message, unsigned *kept_back_out)
{
	int64_t now_ms = clock_ms();
	bool may = true;

	pthread_mutex_lock(&lock);
	struct repeat *r = repeats;
	for (size_t i = 0; i < REPEATS && r->message != message; i++)
		if (repeats[i].message == message ||
		    repeats[i].since_ms < r->since_ms)
			r = &repeats[i];
	bool is_quiet = now_ms - r->since_ms >= REPEAT_WINDOW_MS;
	if (r->message != message) {
		if (is_quiet || r->seen <= REPEAT_BURST)
			*r = (struct repeat){ .message = message,
					      .since_ms = now_ms };
		else
			r = NULL;
	} else if (is_quiet) {
		if (r->seen > REPEAT_BURST)
			*kept_back_out = r->seen - REPEAT_BURST;
		r->seen = 0;
		r->since_ms = now_ms;
	}
	if (r != NULL)
		may = ++r->seen <= REPEAT_BURST;
	pthread_mutex_unlock(&lock);
	return may;
}

/* The line without its head: what is wrong, and the fields that tell why.
 * Two threads log, and what they note in the slot they note one by one. */
static void
note_error(const char *message, const struct log_field *fields)
{
	struct log_line line;
	const struct log_origin origin = { .format = LOG_AS_TEXT, .name = "" };

	if (client.slot == NULL)
		return;
	log_line_make(&line, &origin, message, fields);
	struct view text = { line.at, line.len - 1 };
	size_t head = view_find(text, ']') + 3;         /* "[0]: " */
	pthread_mutex_lock(&lock);
	slot_set_error(client.slot, view_slice(text, head, text.len));
	pthread_mutex_unlock(&lock);
}

static void
count_lost(unsigned lines)
{
	if (lines == 0)
		return;
	pthread_mutex_lock(&lock);
	slot_count(client.slot, COUNT_LOG_DROPPED, lines);
	pthread_mutex_unlock(&lock);
}

void
log_write(enum log_level level, const char *message,
	  const struct log_field *fields)
{
	unsigned kept_back = 0;

	if (level >= LOG_LEVEL_WARN)
		note_error(message, fields);
	if (!log_wants(level))
		return;
	if (level >= LOG_LEVEL_WARN && !may_pass(message, &kept_back))
		return;
	if (kept_back > 0)
		count_lost(write_event(
			level, "the next one was kept back often",
			(const struct log_field[]){
				LOG_STR("event", message),
				LOG_NUM("times", kept_back),
				{ .key = NULL } }));
	count_lost(write_event(level, message, fields));
}

void
log_gather(struct log_gathered *lines)
{
	assert(gathered == NULL);
	lines->len = 0;
	lines->lines = 0;
	gathered = lines;
}

void
log_send_gathered(void)
{
	assert(gathered != NULL);
	unsigned lost = send_gathered();

	gathered = NULL;
	count_lost(lost);
}

void
log_crash(const char *message, const struct log_field *fields)
{
	/* In a signal handler: nothing is locked, a loss is not counted. */
	write_event(LOG_LEVEL_ERROR, message, fields);
}

bool
log_may_tell(enum log_trouble which, int detail)
{
	int64_t now = clock_ms() * 65536 + (detail & 0xffff);
	assert(which < LOG_TROUBLES);
	int64_t before = atomic_load(&told[which]);
	if (before != 0 && before % 65536 == now % 65536 &&
	    now / 65536 - before / 65536 < TELL_AGAIN_MS)
		return false;
	return atomic_compare_exchange_strong(&told[which], &before, now);
}

int
log_pair(int ends[2])
{
	/* Before the first fork. Without memory each tells for itself. */
	void *shared = mmap(NULL, sizeof(own_told), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (told == own_told && shared != MAP_FAILED)
		told = shared;
	/* SEQPACKET keeps each line whole like a datagram, and tells the
	 * reader when the last writer is gone. */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return -1;
	int bytes = QUEUE_BYTES;
	if (setsockopt(ends[1], SOL_SOCKET, SO_SNDBUFFORCE, &bytes,
		       sizeof(bytes)) == 0)
		return 0;
	setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	return 0;
}
