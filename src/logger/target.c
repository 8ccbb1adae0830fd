/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing lines. Blocking, since nobody waits for this process: a target
 * that is stuck fills the queue, and senders count what they drop. The flags
 * of an inherited standard error are not ours to change. */
#include "logger/target.h"

#include "base/log_line.h"
#include "logger/logger.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

enum { BATCH = 64 };

static bool
is_syslog(const struct log_settings *s)
{
	return strcmp(s->target, "syslog") == 0;
}

bool
logger_has_file(const struct log_settings *settings)
{
	return settings->target[0] == '/';
}

int
logger_open_file(const char *path, int more_flags)
{
	struct stat st;

	/* A fifo that nobody reads must not make us wait. */
	int fd = open(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK |
		      O_CLOEXEC | O_NOCTTY | more_flags, 0640);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1)
		return fd;
	errno = S_ISREG(st.st_mode) ? EMLINK : ENXIO;
	close(fd);
	return -1;
}

int
logger_open_target(const struct log_settings *settings)
{
	if (!logger_has_file(settings))
		return LOGGER_NO_FILE;
	return logger_open_file(settings->target, O_CREAT);
}

const char *
logger_fault(int error)
{
	switch (error) {
	case ELOOP:
		return "it is a link";
	case EMLINK:
		return "it has another name elsewhere";
	case ENXIO:
	case EISDIR:
		return "it is not a plain file";
	default:
		return strerror(error);
	}
}

void
target_init(struct target *t, const struct log_settings *settings, int file)
{
	*t = (struct target){ .settings = settings, .file = file };
	if (is_syslog(settings))
		openlog("guerrilla-smtpd", LOG_NDELAY, LOG_MAIL);
}

int
target_reopen(struct target *t)
{
	int fresh = logger_open_target(t->settings);

	if (fresh == LOGGER_NO_FILE)
		return 0;
	if (fresh < 0)
		return -1;
	if (t->file >= 0)
		close(t->file);
	t->file = fresh;
	return 0;
}

/* The number of lines, of at most BATCH, that were not written whole. */
static size_t
write_to(int fd, const struct view *lines, size_t count)
{
	struct iovec all[BATCH], *parts = all;

	assert(count <= BATCH);
	for (size_t i = 0; i < count; i++) {
		assert(lines[i].len > 0);
		parts[i] = (struct iovec){
			.iov_base = (char *)lines[i].at + 1,
			.iov_len = lines[i].len - 1,
		};
	}
	while (count > 0) {
		ssize_t n = writev(fd, parts, (int)count);
		struct pollfd room = { .fd = fd, .events = POLLOUT };
		/* Somebody else may have made it non-blocking. */
		if (n < 0 && errno == EAGAIN)
			poll(&room, 1, -1);
		else if (n < 0 && errno != EINTR)
			break;
		size_t written = n > 0 ? (size_t)n : 0;
		for (; count > 0 && written >= parts->iov_len; parts++) {
			written -= parts->iov_len;
			count--;
		}
		if (count > 0) {
			parts->iov_base = (char *)parts->iov_base + written;
			parts->iov_len -= written;
		}
	}
	return count;
}

static void
send_to_syslog(const struct view *line, enum log_format format)
{
	static const int priorities[] = { LOG_DEBUG, LOG_INFO, LOG_WARNING,
					  LOG_ERR };
	size_t skip = 1;

	int level = line->at[0] - '0';
	if (level < 0 || level > 3)
		level = LOG_LEVEL_INFO;
	/* It writes the time itself. */
	if (format == LOG_AS_TEXT && line->len > LOG_TIME_LEN + 1)
		skip += LOG_TIME_LEN;
	syslog(priorities[level], "%.*s", (int)(line->len - skip - 1),
	       line->at + skip);
}

void
target_write(struct target *t, const struct view *lines, size_t count)
{
	const struct log_settings *s = t->settings;
	bool is_console = t->file < 0 && !is_syslog(s);

	for (size_t some; count > 0; lines += some, count -= some) {
		some = count < BATCH ? count : BATCH;
		if (t->file >= 0)
			t->lost += write_to(t->file, lines, some);
		for (size_t i = 0; i < some && is_syslog(s); i++)
			send_to_syslog(&lines[i], s->format);
		if (is_console || s->has_console) {
			size_t lost = write_to(STDERR_FILENO, lines, some);
			t->lost += is_console ? lost : 0;
		}
	}
}
