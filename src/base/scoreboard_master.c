/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The master's side of the scoreboard. Counters of a slot go on when another
 * process sits down in it, so that sums never fall; what a slot counted
 * before is noted, so that each process can be told apart. */
#include "base/scoreboard_master.h"

#include "base/clock.h"
#include "base/process.h"
#include "base/scoreboard_layout.h"
#include "base/shared_memory.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct scoreboard *
scoreboard_create(int *fd_out)
{
	size_t bytes = scoreboard_bytes();
	int fd = shared_memory_open("guerrilla-smtpd scoreboard", bytes);

	if (fd < 0)
		return NULL;
	struct scoreboard *b =
		shared_memory_map(fd, bytes, PROT_READ | PROT_WRITE);
	if (b == NULL || fd_out == NULL)
		close_keeping_errno(fd);
	if (b == NULL)
		return NULL;
	memcpy(b->magic, SCOREBOARD_MAGIC, sizeof(b->magic));
	b->layout = SCOREBOARD_LAYOUT;
	b->slot_count = SCOREBOARD_SLOTS;
	b->bytes = bytes;
	b->descriptor = fd_out != NULL ? fd : -1;
	if (fd_out != NULL)
		*fd_out = fd;
	return b;
}

struct scoreboard *
scoreboard_adopt(int fd)
{
	size_t bytes = scoreboard_bytes();
	struct scoreboard *b =
		shared_memory_map(fd, bytes, PROT_READ | PROT_WRITE);

	if (b == NULL)
		return NULL;
	if (!scoreboard_is_ours(b)) {
		scoreboard_close(&b);
		errno = EPROTO;
		return NULL;
	}
	b->descriptor = fd;
	return b;
}

int
scoreboard_remap(struct scoreboard *b, int fd, size_t i)
{
	const struct shared_part own = {
		.offset = scoreboard_slot_offset(i),
		.size = scoreboard_slot_offset(1) - scoreboard_slot_offset(0),
	};

	assert(i < SCOREBOARD_SLOTS);
	return shared_memory_remap(b, scoreboard_bytes(), fd, &own);
}

int
scoreboard_publish(const struct scoreboard *b, const char *run_dir)
{
	size_t bytes = scoreboard_slot_offset(scoreboard_slots(b));
	char path[PATH_MAX];

	int len = snprintf(path, sizeof(path), "%s/scoreboard", run_dir);
	if (len < 0 || (size_t)len >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	const int how = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
			O_NONBLOCK;
	int fd = open(path, how, 0640);
	/* Root's, of an older program, or a link: what is there goes. */
	if (fd < 0 && unlink(path) == 0)
		fd = open(path, how | O_EXCL, 0640);
	if (fd < 0)
		return -1;
	ssize_t written = pwrite(fd, b, bytes, 0);
	if (written >= 0)
		errno = ENOSPC;
	close_keeping_errno(fd);
	return written == (ssize_t)bytes ? 0 : -1;
}

struct scoreboard_slot *
scoreboard_slot_at(struct scoreboard *b, size_t i)
{
	assert(i < SCOREBOARD_SLOTS);
	return scoreboard_slot_of(b, i);
}

/* Sums go on from where they are; what is none, by a process that went mad, is
 * forgotten. */
static void
forget_nonsense(_Atomic uint64_t *sums, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (SCOREBOARD_LOOK(sums[i]) > FIGURE_MAX)
			SCOREBOARD_SET(sums[i], 0);
}

static void
clear_slot(struct scoreboard_tenant *t, struct scoreboard_slot *s)
{
	for (int i = 0; i < SLOT_COUNTERS; i++) {
		enum slot_thread thread = slot_counter_figures[i].thread;
		uint64_t count = scoreboard_counter(s, (enum slot_counter)i);
		if (count - t->before[i] > FIGURE_MAX)
			SCOREBOARD_SET(s->by[thread].counters[i],
				       t->before[i]);
		else
			t->before[i] = count;
	}
	for (int i = 0; i < SLOT_HISTOGRAMS; i++) {
		forget_nonsense(&s->histograms[i].sum, 1);
		forget_nonsense(s->histograms[i].buckets, HISTOGRAM_BUCKETS);
	}
	for (int i = 0; i < SLOT_SERIES; i++)
		forget_nonsense(s->series[i].counts, SERIES_VALUES);
	memset(s, 0, offsetof(struct scoreboard_slot, by));
	s->state = SLOT_STARTING;
}

void
scoreboard_occupy(struct scoreboard *b, size_t i,
		  const struct slot_tenant *tenant)
{
	struct scoreboard_tenant *t = &b->tenants[i];

	assert(i < SCOREBOARD_SLOTS && (int)tenant->role < SLOT_ROLES);
	if (tenant->pid == 0) {
		clear_slot(t, scoreboard_slot_of(b, i));
		t->began_wall_us = clock_wall_us();
	}
	t->role = (int32_t)tenant->role;
	scoreboard_set_text(t->role_name, sizeof(t->role_name),
			    view_of(tenant->role_name));
	scoreboard_set_text(b->roles[tenant->role].name, SLOT_ROLE_NAME_SIZE,
			    view_of(tenant->role_name));
	t->number = tenant->number;
	t->generation = tenant->generation;
	t->restarts = tenant->restarts;
	t->pid = tenant->pid;
	if (i >= b->used)
		b->used = (uint32_t)i + 1;
}

void
scoreboard_count_restart(struct scoreboard *b, enum slot_role role,
			 enum restart_cause cause)
{
	assert((int)role < SLOT_ROLES && cause < RESTART_CAUSES);
	b->roles[role].restarts[cause]++;
}

void
scoreboard_add_cpu(struct scoreboard *b, enum slot_role role, uint64_t us)
{
	assert((int)role < SLOT_ROLES);
	b->roles[role].cpu_us += us;
}

void
scoreboard_note_resident(struct scoreboard *b, enum slot_role role,
			 uint64_t bytes)
{
	assert((int)role < SLOT_ROLES);
	b->roles[role].resident_bytes = bytes;
}

void
scoreboard_note_certificate(struct scoreboard *b, size_t i, const char *name,
			    int64_t end_s)
{
	assert(i < SCOREBOARD_CERTIFICATES);
	scoreboard_set_text(b->certificates[i].name, SLOT_CERTIFICATE_SIZE,
			    view_of(name));
	b->certificates[i].end_s = end_s;
}

void
scoreboard_vacate(struct scoreboard *b, size_t i)
{
	assert(i < SCOREBOARD_SLOTS);
	b->tenants[i].pid = 0;
	b->tenants[i].role = SLOT_UNUSED;
	slot_set_state(scoreboard_slot_of(b, i), SLOT_GONE);
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
	scoreboard_set_text(b->version, sizeof(b->version),
			    view_of(figures->version));
}
