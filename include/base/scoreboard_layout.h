/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the scoreboard lies in shared memory: for its own sources only. Every
 * field is a lock-free atomic, since others look while it is written. */
#ifndef BASE_SCOREBOARD_LAYOUT_H
#define BASE_SCOREBOARD_LAYOUT_H

#include "base/scoreboard_master.h"

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>

enum { CACHE_LINE = 64 };

/* Raised with every change below: an upgrade to a program with another
 * number starts a new scoreboard. */
enum { SCOREBOARD_LAYOUT = 1 };

struct scoreboard_slot {
	/* Written by the master, while nobody sits here or about who does. */
	alignas(CACHE_LINE) _Atomic int32_t pid;
	_Atomic int32_t role;
	_Atomic int32_t number;
	_Atomic uint32_t generation;
	_Atomic uint32_t restarts;
	_Atomic int64_t began_wall_us;
	_Atomic uint64_t before[SLOT_COUNTERS]; /* counters at that time */

	/* Written by the owner: a line for the loop, one for delivery, so
	 * that the two threads do not pull one line to and fro. */
	struct {
		alignas(CACHE_LINE) _Atomic int64_t us;
		_Atomic int32_t thread;
	} beat[SLOT_THREADS];
	alignas(CACHE_LINE) _Atomic int64_t database_since_us;
	_Atomic uint64_t fingerprint;
	_Atomic int32_t state;
	alignas(CACHE_LINE) _Atomic uint64_t counters[SLOT_COUNTERS];
	alignas(CACHE_LINE) _Atomic uint64_t gauges[SLOT_GAUGES];
	alignas(CACHE_LINE) _Atomic char error[SLOT_ERROR_SIZE];
};

struct scoreboard {
	char magic[8];
	uint32_t layout;
	uint32_t slot_count;
	uint64_t bytes;                 /* of the whole mapping */
	_Atomic int32_t master;
	_Atomic uint32_t generation;
	_Atomic int64_t began_wall_us;
	_Atomic uint64_t reloads, reloads_failed, upgrades, restarts;
	_Atomic uint64_t poisoned;      /* ever; the list is a ring */
	_Atomic char version[SCOREBOARD_VERSION_SIZE];
	_Atomic uint32_t used;          /* slots ever taken: 0..used-1 */
	alignas(CACHE_LINE) _Atomic uint64_t poison[SCOREBOARD_POISON];
	struct scoreboard_slot slots[];
};

static_assert(sizeof(struct scoreboard_slot) % CACHE_LINE == 0,
	      "slots do not share a line");

#endif
