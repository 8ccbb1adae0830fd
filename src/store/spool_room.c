/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is used is counted in spool_dir/used, which all workers map, of both
 * generations too: added to before a file is written, and put right by a look
 * at the folders once a second, by whoever comes first. What is set aside is
 * the operator's and does not count: it must not close the spool. */
#include "store/spool_room.h"

#include "base/clock.h"
#include "base/memory.h"
#include "store/spool_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LOOK_MS = 1000 };

/* The file. */
struct used {
	_Atomic uint64_t bytes;
	_Atomic int64_t looked_ms;      /* of this boot's clock, or nonsense */
};

struct spool_room {
	const char *dir;
	struct used *used;
};

struct spool_room *
spool_room_open(const char *dir)
{
	char path[SPOOL_PATH_SIZE];
	struct used *used = MAP_FAILED;

	spool_path(dir, "used", "", path);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return NULL;
	/* Reserved: a page that a full disk refuses would kill us. */
	int error = posix_fallocate(fd, 0, sizeof(*used));
	if (error == 0) {
		used = mmap(NULL, sizeof(*used), PROT_READ | PROT_WRITE,
			    MAP_SHARED, fd, 0);
		error = errno;
	}
	close(fd);
	errno = error;
	if (used == MAP_FAILED)
		return NULL;
	struct spool_room *r = memory_new(1, sizeof(*r));
	r->dir = dir;
	r->used = used;
	return r;
}

void
spool_room_close(struct spool_room **r)
{
	if (*r == NULL)
		return;
	munmap((*r)->used, sizeof(*(*r)->used));
	free(*r);
	*r = NULL;
}

/* Adds the difference to what is true, so that what others take meanwhile
 * is not lost; it may count twice until the next look. */
static void
look(struct spool_room *r)
{
	int64_t now = clock_ms();
	int64_t before = atomic_load(&r->used->looked_ms);

	if (now >= before && now - before < LOOK_MS && before > 0)
		return;
	if (!atomic_compare_exchange_strong(&r->used->looked_ms, &before, now))
		return;
	uint64_t counted = atomic_load(&r->used->bytes);
	uint64_t there = spool_usage(r->dir, "new").bytes +
			 spool_usage(r->dir, "tmp").bytes;
	atomic_fetch_add(&r->used->bytes, there - counted);
}

bool
spool_room_take(struct spool_room *r, size_t bytes, uint64_t most)
{
	uint64_t wanted = spool_disk_bytes(bytes);

	look(r);
	uint64_t used = atomic_fetch_add(&r->used->bytes, wanted);
	if (used <= most && wanted <= most - used)
		return true;
	atomic_fetch_sub(&r->used->bytes, wanted);
	errno = ENOSPC;
	return false;
}
