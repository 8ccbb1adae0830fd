/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The master's side of the scoreboard. Counters of a slot go on when another
 * process sits down in it, so that sums never fall; what a slot counted
 * before is noted, so that each process can be told apart. */
#include "base/scoreboard_master.h"

#include "base/clock.h"
#include "base/scoreboard_layout.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const size_t scoreboard_bytes =
	sizeof(struct scoreboard) +
	SCOREBOARD_SLOTS * sizeof(struct scoreboard_slot);

static void
store_text(_Atomic char *to, const char *from, size_t size)
{
	size_t i = 0;

	for (; i < size - 1 && from[i] != '\0'; i++)
		to[i] = from[i];
	to[i] = '\0';
}

/* A fresh file under a name of its own: the one that is there may be mapped
 * by a reader or by workers that a dead master left. Reserved, since a page
 * that a full disk refuses would kill whoever writes to it. */
static int
make_file(const char *fresh)
{
	unlink(fresh);
	int fd = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (fd < 0)
		return -1;
	int error = posix_fallocate(fd, 0, (off_t)scoreboard_bytes);
	if (error == 0 && fchmod(fd, 0640) != 0)
		error = errno;
	if (error == 0)
		return fd;
	close(fd);
	unlink(fresh);
	errno = error;
	return -1;
}

static struct scoreboard *
fill(int fd)
{
	int flags = fd >= 0 ? MAP_SHARED : MAP_SHARED | MAP_ANONYMOUS;
	struct scoreboard *b = mmap(NULL, scoreboard_bytes,
				    PROT_READ | PROT_WRITE, flags, fd, 0);
	if (b == MAP_FAILED)
		return NULL;
	b->layout = SCOREBOARD_LAYOUT;
	b->slot_count = SCOREBOARD_SLOTS;
	b->bytes = scoreboard_bytes;
	memcpy(b->magic, "GSMTPSB", sizeof(b->magic));
	return b;
}

struct scoreboard *
scoreboard_create(const char *run_dir, int *fd_out)
{
	char path[PATH_MAX - 8], fresh[PATH_MAX];

	int len = snprintf(path, sizeof(path), "%s/scoreboard", run_dir);
	if (len < 0 || (size_t)len >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	int fd = make_file(fresh);
	if (fd < 0)
		return NULL;
	struct scoreboard *b = fill(fd);
	if (b != NULL && rename(fresh, path) == 0) {
		*fd_out = fd;
		return b;
	}
	int error = errno;
	if (b != NULL)
		munmap(b, scoreboard_bytes);
	close(fd);
	unlink(fresh);
	errno = error;
	return NULL;
}

struct scoreboard *
scoreboard_create_private(void)
{
	return fill(-1);
}

static void
clear_owner_part(struct scoreboard_slot *s)
{
	for (int i = 0; i < SLOT_THREADS; i++) {
		s->beat[i].us = 0;
		s->beat[i].thread = 0;
	}
	for (int i = 0; i < SLOT_COUNTERS; i++)
		s->before[i] = s->counters[i];
	for (int i = 0; i < SLOT_GAUGES; i++)
		s->gauges[i] = 0;
	s->database_since_us = 0;
	s->fingerprint = 0;
	s->state = SLOT_STARTING;
	s->error[0] = '\0';
}

struct scoreboard_slot *
scoreboard_slot_at(struct scoreboard *b, size_t i)
{
	assert(i < SCOREBOARD_SLOTS);
	if (i >= b->used)
		b->used = (uint32_t)i + 1;
	return &b->slots[i];
}

void
scoreboard_occupy(struct scoreboard_slot *s, const struct slot_tenant *tenant)
{
	if (tenant->pid == 0) {
		clear_owner_part(s);
		s->began_wall_us = clock_wall_us();
	}
	s->role = (int32_t)tenant->role;
	s->number = tenant->number;
	s->generation = tenant->generation;
	s->restarts = tenant->restarts;
	s->pid = tenant->pid;
}

void
scoreboard_vacate(struct scoreboard_slot *s)
{
	s->pid = 0;
	s->role = SLOT_UNUSED;
	s->state = SLOT_GONE;
}

void
scoreboard_add_poison(struct scoreboard *b, uint64_t fingerprint)
{
	if (fingerprint == 0 || scoreboard_is_poison(b, fingerprint))
		return;
	b->poison[b->poisoned % SCOREBOARD_POISON] = fingerprint;
	b->poisoned++;
}

void
scoreboard_describe(struct scoreboard *b,
		    const struct scoreboard_figures *figures)
{
	b->master = figures->master;
	b->began_wall_us = figures->began_wall_us;
	b->generation = figures->generation;
	b->reloads = figures->reloads;
	b->reloads_failed = figures->reloads_failed;
	b->upgrades = figures->upgrades;
	b->restarts = figures->restarts;
	store_text(b->version, figures->version, sizeof(b->version));
}
