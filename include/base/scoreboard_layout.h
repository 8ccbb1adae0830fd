/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the scoreboard lies in shared memory: for its own sources only. Every
 * field is a lock-free atomic, since others look while it is written. The
 * master's part comes first, then a slot of whole pages for each process. */
#ifndef BASE_SCOREBOARD_LAYOUT_H
#define BASE_SCOREBOARD_LAYOUT_H

#include "base/history.h"
#include "base/scoreboard_master.h"

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>

enum { CACHE_LINE = 64 };

/* Raised with every change below: an upgrade to a program with another
 * number starts a new scoreboard. */
enum { SCOREBOARD_LAYOUT = 9 };
#define SCOREBOARD_MAGIC "GSMTPSB"

/* Written by the owner of the slot; by the master while nobody sits there.
 * A line for the loop, one for delivery, so that the two threads do not pull
 * one line to and fro: a figure stands in the row of its thread. */
struct scoreboard_slot {
	struct {
		alignas(CACHE_LINE) _Atomic int64_t us;
		_Atomic int32_t thread;
	} beat[SLOT_THREADS];
	alignas(CACHE_LINE) _Atomic int64_t database_since_us;
	_Atomic uint64_t fingerprint;
	struct {
		alignas(CACHE_LINE) _Atomic uint64_t gauges[SLOT_GAUGES];
	} now[SLOT_THREADS];
	struct {
		alignas(CACHE_LINE) _Atomic uint64_t capabilities;
		_Atomic uint32_t uid, instructions, hash;
		_Atomic int32_t landlock;
		_Atomic uint8_t no_new_privs; /* a bool holds 0 and 1 alone */
	} sandbox;
	alignas(CACHE_LINE) _Atomic int32_t state;
	_Atomic int64_t error_wall_us;
	_Atomic char error[SLOT_ERROR_SIZE];
	alignas(CACHE_LINE) _Atomic char host[SLOT_HOST_SIZE];

	/* What follows goes on when another process sits down. */
	struct {
		alignas(CACHE_LINE) _Atomic uint64_t counters[SLOT_COUNTERS];
	} by[SLOT_THREADS];
	struct {
		alignas(CACHE_LINE) _Atomic uint64_t sum;
		_Atomic uint64_t buckets[HISTOGRAM_BUCKETS];
	} histograms[SLOT_HISTOGRAMS];
	struct {
		alignas(CACHE_LINE) _Atomic uint64_t counts[SERIES_VALUES];
	} series[SLOT_SERIES];
};

/* Written by the master: who sits in a slot. */
struct scoreboard_tenant {
	alignas(CACHE_LINE) _Atomic int32_t pid;
	_Atomic int32_t role;
	_Atomic char role_name[SLOT_ROLE_NAME_SIZE];
	_Atomic int32_t number;
	_Atomic uint32_t generation;
	_Atomic uint32_t restarts;
	_Atomic int64_t began_wall_us;
	_Atomic uint64_t before[SLOT_COUNTERS]; /* counters at that time */
};

/* Written by the master: all that had a role, ever, and those that have. */
struct scoreboard_role {
	alignas(CACHE_LINE) _Atomic char name[SLOT_ROLE_NAME_SIZE];
	_Atomic uint64_t restarts[RESTART_CAUSES];
	_Atomic uint64_t cpu_us;
	_Atomic uint64_t resident_bytes;
};

struct scoreboard {
	char magic[8];
	uint32_t layout;
	uint32_t slot_count;
	uint64_t bytes;                 /* of the whole mapping */
	_Atomic int32_t descriptor;     /* in the master, of all this */
	_Atomic int32_t master;
	_Atomic uint32_t generation;
	_Atomic int64_t began_wall_us;
	_Atomic uint64_t reloads, reloads_failed, upgrades, restarts;
	_Atomic uint64_t poisoned;      /* ever; the list is a ring */
	_Atomic char version[SCOREBOARD_VERSION_SIZE];
	_Atomic uint32_t used;          /* slots ever taken: 0..used-1 */
	alignas(CACHE_LINE) _Atomic uint64_t poison[SCOREBOARD_POISON];
	struct scoreboard_role roles[SLOT_ROLES];
	struct {
		_Atomic char name[SLOT_CERTIFICATE_SIZE];
		_Atomic int64_t end_s;
	} certificates[SCOREBOARD_CERTIFICATES];
	struct scoreboard_tenant tenants[SCOREBOARD_SLOTS];
};

/* The master's alone: what its last sample was counted from. */
struct history_totals {
	int64_t at_us;                  /* monotonic; 0: none */
	uint64_t counters[SLOT_COUNTERS];
	uint64_t cpu_us;
	struct histogram reply, commit;
};

/* Of replies, 5 seconds each: the oldest is a minute old. */
enum { HISTORY_REPLY_SAMPLES = 13 };

/* Behind the last slot: it is in no copy of the scoreboard. */
struct scoreboard_history {
	struct history_totals before[HISTORY_SPANS];
	_Atomic uint32_t next[HISTORY_SPANS];
	_Atomic uint32_t next_replies;
	_Atomic uint64_t replies[HISTORY_REPLY_SAMPLES][SERIES_VALUES];
	_Atomic uint32_t samples[HISTORY_HOUR_SAMPLES + HISTORY_DAY_SAMPLES]
				[HISTORY_FIELDS];
};

static_assert(ATOMIC_LLONG_LOCK_FREE == 2,
	      "a lock inside an atomic would not be shared by processes");

/* A figure stands for itself and nobody acts on two: relaxed order is
 * enough. */
#define SCOREBOARD_LOOK(field) \
	atomic_load_explicit(&(field), memory_order_relaxed)
#define SCOREBOARD_SET(field, value) \
	atomic_store_explicit(&(field), (value), memory_order_relaxed)

/* Cuts what does not fit. */
void scoreboard_set_text(_Atomic char *to, size_t size, struct view text);

/* Whether it is of this program's shape. */
bool scoreboard_is_ours(const struct scoreboard *head);

/* The offset of slot i; of the one behind the last: the history's. What the
 * header says is not asked. */
size_t scoreboard_slot_offset(size_t i);

/* In all. */
size_t scoreboard_bytes(void);

static inline struct scoreboard_slot *
scoreboard_slot_of(const struct scoreboard *b, size_t i)
{
	return (void *)((char *)b + scoreboard_slot_offset(i));
}

static inline uint64_t
scoreboard_counter(const struct scoreboard_slot *s, enum slot_counter which)
{
	return SCOREBOARD_LOOK(
		s->by[slot_counter_figures[which].thread].counters[which]);
}

#endif
