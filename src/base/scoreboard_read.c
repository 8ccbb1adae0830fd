/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reader's side of the scoreboard. What it finds may be nonsense that a
 * process wrote on its way down, so every value is brought into range. */
#include "base/scoreboard.h"

#include "base/scoreboard_layout.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOK(field) atomic_load_explicit(&(field), memory_order_relaxed)

/* Of every scoreboard: what its header says later is not asked, since a worker
 * can write there, and nobody may read past the mapping. */
static const size_t scoreboard_bytes =
	sizeof(struct scoreboard) +
	SCOREBOARD_SLOTS * sizeof(struct scoreboard_slot);

/* Whether the file and its header agree on a scoreboard of our shape. */
static bool
is_ours(int fd, const struct scoreboard *head)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       st.st_size >= (off_t)scoreboard_bytes &&
	       memcmp(head->magic, "GSMTPSB", 8) == 0 &&
	       head->layout == SCOREBOARD_LAYOUT &&
	       head->slot_count == SCOREBOARD_SLOTS &&
	       head->bytes == scoreboard_bytes;
}

static struct scoreboard *
map(int fd, int protection)
{
	struct scoreboard head;

	if (pread(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
	    !is_ours(fd, &head)) {
		errno = EPROTO;
		return NULL;
	}
	void *at = mmap(NULL, scoreboard_bytes, protection, MAP_SHARED, fd, 0);
	return at != MAP_FAILED ? at : NULL;
}

struct scoreboard *
scoreboard_adopt(int fd)
{
	return map(fd, PROT_READ | PROT_WRITE);
}

struct scoreboard *
scoreboard_open(const char *run_dir)
{
	char path[PATH_MAX];

	int len = snprintf(path, sizeof(path), "%s/scoreboard", run_dir);
	if (len < 0 || (size_t)len >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return NULL;
	struct scoreboard *b = map(fd, PROT_READ);
	int error = errno;
	close(fd);
	errno = error;
	return b;
}

void
scoreboard_close(struct scoreboard **b)
{
	if (*b == NULL)
		return;
	munmap(*b, scoreboard_bytes);
	*b = NULL;
}

size_t
scoreboard_slots(const struct scoreboard *b)
{
	size_t used = LOOK(b->used);

	return used < SCOREBOARD_SLOTS ? used : SCOREBOARD_SLOTS;
}

static void
copy_text(const _Atomic char *from, char *to, size_t size)
{
	size_t i = 0;

	for (; i < size - 1; i++) {
		char c = LOOK(from[i]);
		if (c == '\0')
			break;
		to[i] = c >= ' ' && c <= '~' ? c : '?';
	}
	to[i] = '\0';
}

static void
copy_figures(const struct scoreboard_slot *s, struct slot_figures *out)
{
	for (int i = 0; i < SLOT_THREADS; i++)
		out->beat_us[i] = LOOK(s->beat[i].us);
	for (int i = 0; i < SLOT_COUNTERS; i++)
		out->counters[i] = LOOK(s->counters[i]) - LOOK(s->before[i]);
	for (int i = 0; i < SLOT_GAUGES; i++)
		out->gauges[i] = LOOK(s->gauges[i]);
	copy_text(s->error, out->error, sizeof(out->error));
}

static void
copy_slot(const struct scoreboard_slot *s, struct slot_figures *out)
{
	int32_t role = LOOK(s->role);
	int32_t state = LOOK(s->state);

	memset(out, 0, sizeof(*out));
	out->role = role > SLOT_UNUSED && role <= SLOT_STATUS
		? (enum slot_role)role : SLOT_UNUSED;
	out->state = state >= SLOT_STARTING && state <= SLOT_GONE
		? (enum slot_state)state : SLOT_GONE;
	out->pid = LOOK(s->pid);
	out->number = LOOK(s->number);
	out->generation = LOOK(s->generation);
	out->restarts = LOOK(s->restarts);
	out->began_wall_us = LOOK(s->began_wall_us);
	out->database_since_us = LOOK(s->database_since_us);
	out->fingerprint = LOOK(s->fingerprint);
	copy_figures(s, out);
}

bool
scoreboard_read(const struct scoreboard *b, size_t i,
		struct slot_figures *out)
{
	if (i >= scoreboard_slots(b))
		return false;
	copy_slot(&b->slots[i], out);
	return out->role != SLOT_UNUSED && out->pid > 0;
}

void
slot_read(const struct scoreboard_slot *s, struct slot_figures *out)
{
	copy_slot(s, out);
}

void
scoreboard_read_figures(const struct scoreboard *b,
			struct scoreboard_figures *out)
{
	memset(out, 0, sizeof(*out));
	out->master = LOOK(b->master);
	copy_text(b->version, out->version, sizeof(out->version));
	out->began_wall_us = LOOK(b->began_wall_us);
	out->generation = LOOK(b->generation);
	out->reloads = LOOK(b->reloads);
	out->reloads_failed = LOOK(b->reloads_failed);
	out->upgrades = LOOK(b->upgrades);
	out->restarts = LOOK(b->restarts);
	out->poisoned = LOOK(b->poisoned);
	for (size_t i = 0; i < scoreboard_slots(b); i++)
		for (int c = 0; c < SLOT_COUNTERS; c++)
			out->counters[c] += LOOK(b->slots[i].counters[c]);
}

uint64_t
scoreboard_sum(const struct scoreboard *b, enum slot_gauge which)
{
	uint64_t sum = 0;

	if (b == NULL)
		return 0;
	for (size_t i = 0; i < scoreboard_slots(b); i++)
		if (LOOK(b->slots[i].pid) > 0)
			sum += LOOK(b->slots[i].gauges[which]);
	return sum;
}

pid_t
scoreboard_thread_id(const struct scoreboard_slot *s, enum slot_thread thread)
{
	return LOOK(s->beat[thread].thread);
}
