/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mail kept on disk: written in tmp/, fsynced, renamed into new/, the folder
 * fsynced; only then is a message's verdict SPOOLED. */
#include "store/spool.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/process.h"
#include "store/spool_encode.h"
#include "store/spool_folder.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BUFFER_SIZE = 128 * 1024, FIELDS_ROOM = 2048 };

/* ---- How much of spool_max is left --------------------------------------
 * What is used is counted in spool_dir/used, which all workers map, of both
 * generations too: added to before a file is written, and put right by a look
 * at the folders once a second, by whoever comes first. What is set aside is
 * the operator's and does not count: it must not close the spool. */

enum { LOOK_MS = 1000 };

/* The file. */
struct used {
	_Atomic uint64_t bytes;
	_Atomic int64_t looked_ms;      /* of this boot's clock, or nonsense */
};

struct spool {
	const struct store_settings *settings;
	struct used *used;
	size_t bytes;                   /* about, of the file to be written */
	char *buffer;
};

struct spool_file {
	int fd;
	off_t at;                       /* of the file, with the buffer */
	off_t line_at;                  /* of the message that is written */
	char *buffer;
	size_t used;
};

/* Takes what a file of its bytes needs on disk, that is whole blocks and
 * an inode, if it is there below most; else false and errno ENOSPC. */
static bool
room_take(struct spool *s)
{
	uint64_t most = s->settings->spool_max;
	uint64_t wanted = spool_disk_bytes(s->bytes);
	int64_t now = clock_ms();
	int64_t before = atomic_load(&s->used->looked_ms);
	bool is_due = before <= 0 || now < before || now - before >= LOOK_MS;

	/* Adds the difference to what is true, so that what others take
	 * meanwhile is not lost; it may count twice until the next look. */
	if (is_due && atomic_compare_exchange_strong(&s->used->looked_ms,
						     &before, now)) {
		const char *dir = s->settings->spool_dir;
		uint64_t counted = atomic_load(&s->used->bytes);
		uint64_t there = spool_usage(dir, "new").bytes +
				 spool_usage(dir, "tmp").bytes;
		atomic_fetch_add(&s->used->bytes, there - counted);
	}
	uint64_t used = atomic_fetch_add(&s->used->bytes, wanted);
	if (used <= most && wanted <= most - used)
		return true;
	atomic_fetch_sub(&s->used->bytes, wanted);
	errno = ENOSPC;
	return false;
}

/* ---- Files --------------------------------------------------------------- */

struct spool *
spool_open(const struct store_settings *settings)
{
	char path[SPOOL_PATH_SIZE];
	struct used *used = MAP_FAILED;

	if (spool_make_folders(settings->spool_dir) != 0)
		return NULL;
	spool_path(settings->spool_dir, "used", "", path);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return NULL;
	/* Reserved: a page that a full disk refuses would kill us. */
	errno = posix_fallocate(fd, 0, sizeof(*used));
	if (errno == 0)
		used = mmap(NULL, sizeof(*used), PROT_READ | PROT_WRITE,
			    MAP_SHARED, fd, 0);
	close_keeping_errno(fd);
	if (used == MAP_FAILED)
		return NULL;
	struct spool *s = memory_new(1, sizeof(*s));
	s->settings = settings;
	s->used = used;
	s->buffer = memory_new(1, BUFFER_SIZE);
	return s;
}

void
spool_close(struct spool **s)
{
	if (*s == NULL)
		return;
	munmap((*s)->used, sizeof(*(*s)->used));
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
	size_t used = f->used;

	assert(used <= BUFFER_SIZE);
	f->used = 0;
	return write_fully(f->fd, (struct view){ f->buffer, used });
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

static bool
is_full(int error)
{
	return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

/* Blocks are there before they are counted, so that a look at the folder
 * meanwhile sees them; a file system that cannot do that does without. */
static int
write_file(struct spool *s, int fd, struct mail *const *mails, size_t count)
{
	struct spool_file f = { .fd = fd, .buffer = s->buffer };
	struct spool_sink sink = { begin_message, write_bytes, note_message,
				   &f };

	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)s->bytes) != 0 &&
	    is_full(errno))
		return -1;
	if (spool_encode(&sink, mails, count) != 0 || flush(&f) != 0)
		return -1;
	/* What was reserved and not used goes back. */
	int ignored = ftruncate(fd, f.at);
	(void)ignored;
	return fsync(fd);
}

/* 0, or -1 with errno and nothing left of it. */
static int
put_file(struct spool *s, struct mail *const *mails, size_t count)
{
	char unfinished[SPOOL_PATH_SIZE], finished[SPOOL_PATH_SIZE];
	const char *left = unfinished;

	assert(count > 0);
	const char *name = mails[0]->message->id;
	spool_path(s->settings->spool_dir, "tmp", name, unfinished);
	spool_path(s->settings->spool_dir, "new", name, finished);
	int fd = open(unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
		      0600);
	if (fd < 0)
		return -1;
	/* The file is locked until it stands in new/, or the janitor would
	 * take it for one that a crash left. */
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 &&
	    write_file(s, fd, mails, count) == 0 &&
	    rename(unfinished, finished) == 0) {
		left = finished;
		/* NFS and quotas may tell of a full disk only here. */
		int failed = close(fd);
		fd = -1;
		if (failed == 0 &&
		    spool_sync_folder(s->settings->spool_dir, "new") == 0)
			return 0;
	}
	int error = errno;
	unlink(left);
	if (fd >= 0)
		close(fd);
	errno = error;
	return -1;
}

static void
write_batch(struct spool *s, struct mail *const *mails, size_t count)
{
	enum verdict verdict = VERDICT_SPOOLED;

	if (!room_take(s) || put_file(s, mails, count) != 0) {
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

	s->bytes = 0;
	for (size_t i = 0; i < count; i++) {
		const struct message *m = mails[i]->message;
		size_t more = m->raw.len + mails[i]->body.len + FIELDS_ROOM;
		for (const struct recipient *r = m->envelope.first; r != NULL;
		     r = r->next)
			more += r->trace.len + r->address.len + r->key.len +
				64;
		if (i > from && s->bytes + more > s->settings->batch_bytes) {
			write_batch(s, mails + from, i - from);
			from = i;
			s->bytes = 0;
		}
		s->bytes += more;
	}
	if (count > from)
		write_batch(s, mails + from, count - from);
}
