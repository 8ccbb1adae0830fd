/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reader's side of the scoreboard. What it finds may be nonsense that a
 * process wrote on its way down, so every value is brought into range. */
#include "base/scoreboard.h"

#include "base/process.h"
#include "base/scoreboard_layout.h"
#include "base/shared_memory.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOK SCOREBOARD_LOOK

size_t
scoreboard_slot_offset(size_t i)
{
	return shared_memory_pages(sizeof(struct scoreboard)) +
	       i * shared_memory_pages(sizeof(struct scoreboard_slot));
}

size_t
scoreboard_bytes(void)
{
	return scoreboard_slot_offset(SCOREBOARD_SLOTS) +
	       shared_memory_pages(sizeof(struct scoreboard_history));
}

bool
scoreboard_is_ours(const struct scoreboard *head)
{
	return memcmp(head->magic, SCOREBOARD_MAGIC, 8) == 0 &&
	       head->layout == SCOREBOARD_LAYOUT &&
	       head->slot_count == SCOREBOARD_SLOTS &&
	       head->bytes == scoreboard_bytes();
}

/* A plain file, opened for reading: what lies under the name may have been
 * put there by the account that the service runs as. */
static int
open_plain(const char *path, int flags)
{
	char again[64];
	struct stat st;

	int place = open(path, O_PATH | O_CLOEXEC | flags);
	if (place < 0)
		return -1;
	int fd = -1;
	if (fstat(place, &st) == 0 && S_ISREG(st.st_mode)) {
		snprintf(again, sizeof(again), "/proc/self/fd/%d", place);
		fd = open(again, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	} else {
		errno = EPROTO;
	}
	close_keeping_errno(place);
	return fd;
}

/* The copy, in memory of our own: whoever cuts the file cuts that alone. */
static struct scoreboard *
read_copy(int fd)
{
	size_t bytes = scoreboard_bytes(), had = 0;
	ssize_t n = 1;

	struct scoreboard *b = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (b == MAP_FAILED)
		return NULL;
	while (had < bytes && n > 0) {
		n = read(fd, (char *)b + had, bytes - had);
		had += n > 0 ? (size_t)n : 0;
	}
	if (had >= scoreboard_slot_offset(0) && scoreboard_is_ours(b))
		return b;
	scoreboard_close(&b);
	errno = EPROTO;
	return NULL;
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
	int fd = open_plain(path, O_NOFOLLOW);
	if (fd < 0)
		return NULL;
	struct scoreboard *copy = read_copy(fd), *b = NULL;
	close_keeping_errno(fd);
	if (copy == NULL)
		return NULL;
	/* What it is the copy of, where we may look. */
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", copy->master,
		 copy->descriptor);
	fd = open_plain(path, 0);
	if (fd >= 0) {
		b = shared_memory_map(fd, scoreboard_bytes(), PROT_READ);
		close(fd);
	}
	if (b != NULL && scoreboard_is_ours(b)) {
		scoreboard_close(&copy);
		return b;
	}
	scoreboard_close(&b);
	return copy;
}

void
scoreboard_close(struct scoreboard **b)
{
	if (*b != NULL)
		munmap(*b, scoreboard_bytes());
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

/* Nonsense is no more than the most that there can be. */
static uint64_t
clamp(uint64_t figure)
{
	return figure < FIGURE_MAX ? figure : FIGURE_MAX;
}

static uint64_t
gauge_of(const struct scoreboard_slot *s, enum slot_gauge which)
{
	enum slot_thread t = slot_gauge_figures[which].thread;

	return clamp(LOOK(s->now[t].gauges[which]));
}

void
scoreboard_read_slot(const struct scoreboard *b, size_t i,
		     struct slot_figures *out)
{
	assert(i < SCOREBOARD_SLOTS);
	const struct scoreboard_tenant *t = &b->tenants[i];
	const struct scoreboard_slot *s = scoreboard_slot_of(b, i);
	int32_t role = LOOK(t->role);
	int32_t state = LOOK(s->state);

	*out = (struct slot_figures){
		.role = role > SLOT_UNUSED && role < SLOT_ROLES
			? (enum slot_role)role : SLOT_UNUSED,
		.state = state >= SLOT_STARTING && state <= SLOT_GONE
			? (enum slot_state)state : SLOT_GONE,
		.pid = LOOK(t->pid),
		.number = LOOK(t->number),
		.generation = LOOK(t->generation),
		.restarts = LOOK(t->restarts),
		.began_wall_us = LOOK(t->began_wall_us),
		.database_since_us = LOOK(s->database_since_us),
		.fingerprint = LOOK(s->fingerprint),
		.error_wall_us = LOOK(s->error_wall_us),
		.sandbox = {
			.uid = LOOK(s->sandbox.uid),
			.no_new_privs = LOOK(s->sandbox.no_new_privs) != 0,
			.landlock = LOOK(s->sandbox.landlock),
			.capabilities = LOOK(s->sandbox.capabilities),
			.instructions = LOOK(s->sandbox.instructions),
			.hash = LOOK(s->sandbox.hash),
		},
	};
	for (int n = 0; n < SLOT_THREADS; n++)
		out->beat_us[n] = LOOK(s->beat[n].us);
	for (int n = 0; n < SLOT_COUNTERS; n++)
		out->counters[n] =
			clamp(scoreboard_counter(s, (enum slot_counter)n) -
			      LOOK(t->before[n]));
	for (int n = 0; n < SLOT_GAUGES; n++)
		out->gauges[n] = gauge_of(s, (enum slot_gauge)n);
	copy_text(s->error, out->error, sizeof(out->error));
	copy_text(s->host, out->host, sizeof(out->host));
	copy_text(t->role_name, out->role_name, sizeof(out->role_name));
}

bool
scoreboard_read(const struct scoreboard *b, size_t i,
		struct slot_figures *out)
{
	if (i >= scoreboard_slots(b))
		return false;
	scoreboard_read_slot(b, i, out);
	return out->role != SLOT_UNUSED && out->pid > 0;
}

void
scoreboard_read_histogram(const struct scoreboard *b,
			  enum slot_histogram which, struct histogram *out)
{
	*out = (struct histogram){ .sum = 0 };
	for (size_t i = 0; i < scoreboard_slots(b); i++) {
		const struct scoreboard_slot *s = scoreboard_slot_of(b, i);
		for (size_t k = 0; k < HISTOGRAM_BUCKETS; k++)
			out->buckets[k] = clamp(out->buckets[k] + clamp(
				LOOK(s->histograms[which].buckets[k])));
		out->sum = clamp(out->sum +
				 clamp(LOOK(s->histograms[which].sum)));
	}
}

void
scoreboard_read_series(const struct scoreboard *b, enum slot_series which,
		       uint64_t out[SERIES_VALUES])
{
	memset(out, 0, SERIES_VALUES * sizeof(*out));
	for (size_t i = 0; i < scoreboard_slots(b); i++) {
		const struct scoreboard_slot *s = scoreboard_slot_of(b, i);
		for (size_t v = 0; v < SERIES_VALUES; v++)
			out[v] = clamp(out[v] + clamp(
				LOOK(s->series[which].counts[v])));
	}
}

bool
scoreboard_read_role(const struct scoreboard *b, enum slot_role role,
		     struct role_figures *out)
{
	assert((int)role < SLOT_ROLES);
	const struct scoreboard_role *r = &b->roles[role];

	copy_text(r->name, out->name, sizeof(out->name));
	for (int cause = 0; cause < RESTART_CAUSES; cause++)
		out->restarts[cause] = clamp(LOOK(r->restarts[cause]));
	out->cpu_us = clamp(LOOK(r->cpu_us));
	out->resident_bytes = clamp(LOOK(r->resident_bytes));
	return out->name[0] != '\0';
}

bool
scoreboard_read_certificate(const struct scoreboard *b, size_t i,
			    char name[SLOT_CERTIFICATE_SIZE],
			    int64_t *end_out)
{
	if (i >= SCOREBOARD_CERTIFICATES)
		return false;
	copy_text(b->certificates[i].name, name, SLOT_CERTIFICATE_SIZE);
	*end_out = LOOK(b->certificates[i].end_s);
	return *end_out != 0;
}

void
scoreboard_read_figures(const struct scoreboard *b,
			struct scoreboard_figures *out)
{
	*out = (struct scoreboard_figures){
		.master = LOOK(b->master),
		.began_wall_us = LOOK(b->began_wall_us),
		.generation = LOOK(b->generation),
		.reloads = LOOK(b->reloads),
		.reloads_failed = LOOK(b->reloads_failed),
		.upgrades = LOOK(b->upgrades),
		.restarts = LOOK(b->restarts),
		.poisoned = LOOK(b->poisoned),
	};
	copy_text(b->version, out->version, sizeof(out->version));
	for (int c = 0; c < SLOT_COUNTERS; c++) {
		for (size_t i = 0; i < scoreboard_slots(b); i++)
			out->counters[c] += clamp(
				scoreboard_counter(scoreboard_slot_of(b, i),
						   (enum slot_counter)c));
		out->counters[c] = clamp(out->counters[c]);
	}
}

uint64_t
scoreboard_sum(const struct scoreboard *b, enum slot_gauge which)
{
	uint64_t sum = 0;

	if (b == NULL)
		return 0;
	for (size_t i = 0; i < scoreboard_slots(b); i++)
		if (LOOK(b->tenants[i].pid) > 0)
			sum += gauge_of(scoreboard_slot_of(b, i), which);
	return clamp(sum);
}

pid_t
scoreboard_thread_id(const struct scoreboard *b, size_t i,
		     enum slot_thread thread)
{
	return LOOK(scoreboard_slot_of(b, i)->beat[thread].thread);
}
