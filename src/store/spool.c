/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mail kept on disk: written in tmp/, fsynced, renamed into new/, the folder
 * fsynced; only then is a message's verdict SPOOLED. */
#include "store/spool.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "store/spool_encode.h"
#include "store/spool_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER_SIZE = 128 * 1024, USAGE_AGE_MS = 1000, FIELDS_ROOM = 2048 };

struct spool {
	const struct store_settings *settings;
	uint64_t used;                  /* bytes, as far as we know */
	int64_t looked_ms;
	char *buffer;
};

struct spool_file {
	int fd;
	off_t at;                       /* of the file, with the buffer */
	off_t line_at;                  /* of the message that is written */
	char *buffer;
	size_t used;
};

struct spool *
spool_open(const struct store_settings *settings)
{
	if (spool_make_folders(settings->spool_dir) != 0)
		return NULL;
	struct spool *s = memory_new(1, sizeof(*s));
	s->settings = settings;
	s->looked_ms = INT64_MIN / 2;
	s->buffer = memory_new(1, BUFFER_SIZE);
	return s;
}

void
spool_close(struct spool **s)
{
	if (*s == NULL)
		return;
	free((*s)->buffer);
	free(*s);
	*s = NULL;
}

static int
write_fully(int fd, struct view bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.at, bytes.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		bytes = view_slice(bytes, (size_t)n, bytes.len);
	}
	return 0;
}

static int
flush(struct spool_file *f)
{
	int result = write_fully(f->fd, (struct view){ f->buffer, f->used });

	f->used = 0;
	return result;
}

static int
write_bytes(void *context, struct view bytes)
{
	struct spool_file *f = context;

	f->at += (off_t)bytes.len;
	if (bytes.len > BUFFER_SIZE - f->used && flush(f) != 0)
		return -1;
	if (bytes.len > BUFFER_SIZE)
		return write_fully(f->fd, bytes);
	memcpy(f->buffer + f->used, bytes.at, bytes.len);
	f->used += bytes.len;
	return 0;
}

static int
begin_message(void *context, struct view line)
{
	struct spool_file *f = context;

	f->line_at = f->at;
	return write_bytes(f, line);
}

static int
note_message(void *context, size_t len, unsigned long long sum)
{
	struct spool_file *f = context;
	char line[SPOOL_MESSAGE_LINE_LEN + 1];

	snprintf(line, sizeof(line), SPOOL_MESSAGE_LINE, len, sum);
	if (flush(f) != 0)
		return -1;
	ssize_t n = pwrite(f->fd, line, SPOOL_MESSAGE_LINE_LEN, f->line_at);
	return n == SPOOL_MESSAGE_LINE_LEN ? 0 : -1;
}

static int
write_file(struct spool *s, const char *path, struct mail *const *mails,
	   size_t count)
{
	struct spool_file f = { .buffer = s->buffer };
	struct spool_sink sink = { begin_message, write_bytes, note_message,
				   &f };

	f.fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (f.fd < 0)
		return -1;
	int result = spool_encode(&sink, mails, count);
	if (result == 0)
		result = flush(&f);
	if (result == 0)
		result = fsync(f.fd);
	int error = errno;
	/* NFS and quotas may tell of a full disk only here. */
	if (close(f.fd) != 0 && result == 0)
		return -1;
	errno = error;
	return result;
}

/* 0, or -1 with errno and nothing left in new/. */
static int
put_file(struct spool *s, struct mail *const *mails, size_t count)
{
	char unfinished[SPOOL_PATH_SIZE];
	char finished[SPOOL_PATH_SIZE];
	const char *name = mails[0]->message->id;

	spool_path(s->settings->spool_dir, "tmp", name, unfinished);
	spool_path(s->settings->spool_dir, "new", name, finished);
	if (write_file(s, unfinished, mails, count) != 0 ||
	    rename(unfinished, finished) != 0) {
		int error = errno;
		unlink(unfinished);
		errno = error;
		return -1;
	}
	if (spool_sync_folder(s->settings->spool_dir, "new") == 0)
		return 0;
	int error = errno;
	unlink(finished);
	errno = error;
	return -1;
}

static size_t
bytes_of(const struct mail *mail)
{
	const struct message *m = mail->message;
	size_t bytes = m->raw.len + mail->body.len + FIELDS_ROOM;

	for (const struct recipient *r = m->envelope.first; r != NULL;
	     r = r->next)
		bytes += r->trace.len + r->address.len + r->key.len + 64;
	return bytes;
}

/* What other workers and the janitor did is seen within a second. */
static bool
has_room(struct spool *s, size_t bytes)
{
	static const char *const counted[] = { "new", "damaged", "refused" };
	int64_t now = clock_ms();

	if (now - s->looked_ms >= USAGE_AGE_MS) {
		s->looked_ms = now;
		s->used = 0;
		for (size_t i = 0; i < 3; i++)
			s->used += spool_usage(s->settings->spool_dir,
					       counted[i]).bytes;
	}
	if (s->used + bytes > s->settings->spool_max) {
		errno = ENOSPC;
		return false;
	}
	s->used += bytes;
	return true;
}

static bool
is_full(int error)
{
	return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

static void
write_batch(struct spool *s, struct mail *const *mails, size_t count,
	    size_t bytes)
{
	enum verdict verdict = VERDICT_SPOOLED;

	if (!has_room(s, bytes) || put_file(s, mails, count) != 0) {
		verdict = is_full(errno) ? VERDICT_FULL : VERDICT_TRY_LATER;
		log_error("mail cannot be spooled",
			  LOG_STR("dir", s->settings->spool_dir),
			  LOG_STR("why", strerror(errno)),
			  LOG_NUM("messages", count));
	}
	for (size_t i = 0; i < count; i++)
		mails[i]->message->verdict = verdict;
}

void
spool_write(struct spool *s, struct mail *const *mails, size_t count)
{
	size_t from = 0;
	size_t bytes = 0;

	for (size_t i = 0; i < count; i++) {
		size_t more = bytes_of(mails[i]);
		if (i > from && bytes + more > s->settings->batch_bytes) {
			write_batch(s, mails + from, i - from, bytes);
			from = i;
			bytes = 0;
		}
		bytes += more;
	}
	if (count > from)
		write_batch(s, mails + from, count - from, bytes);
}
