/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The owner's side of the scoreboard: a process writes its own slot. */
#include "base/scoreboard.h"

#include "base/clock.h"
#include "base/scoreboard_layout.h"

#include <unistd.h>

const char *
slot_state_name(enum slot_state state)
{
	static const char *const names[] = {
		[SLOT_STARTING] = "starting",
		[SLOT_READY] = "ready",
		[SLOT_DRAINING] = "draining",
		[SLOT_PAUSED] = "paused",
		[SLOT_GONE] = "gone",
	};

	return names[state];
}

#define LOOK SCOREBOARD_LOOK
#define SET SCOREBOARD_SET

void
slot_count(struct scoreboard_slot *s, enum slot_counter which, uint64_t more)
{
	if (s == NULL)
		return;
	_Atomic uint64_t *count =
		&s->by[slot_counter_figures[which].thread].counters[which];
	SET(*count, LOOK(*count) + more);
}

void
slot_gauge(struct scoreboard_slot *s, enum slot_gauge which, uint64_t now)
{
	if (s != NULL)
		SET(s->now[slot_gauge_figures[which].thread].gauges[which],
		    now);
}

void
slot_observe(struct scoreboard_slot *s, enum slot_histogram which,
	     int64_t value)
{
	if (s == NULL)
		return;
	uint64_t v = value > 0 ? (uint64_t)value : 0;
	size_t b = histogram_bucket(slot_histogram_figures[which].unit, v);
	_Atomic uint64_t *bucket = &s->histograms[which].buckets[b];
	_Atomic uint64_t *sum = &s->histograms[which].sum;
	SET(*bucket, LOOK(*bucket) + 1);
	SET(*sum, LOOK(*sum) + v);
}

void
slot_count_in(struct scoreboard_slot *s, enum slot_series which,
	      size_t value)
{
	if (s == NULL)
		return;
	size_t v = value < SERIES_VALUES ? value : SERIES_VALUES - 1;
	_Atomic uint64_t *count = &s->series[which].counts[v];
	SET(*count, LOOK(*count) + 1);
}

void
slot_set_state(struct scoreboard_slot *s, enum slot_state state)
{
	if (s != NULL)
		SET(s->state, (int32_t)state);
}

void
slot_beat(struct scoreboard_slot *s, enum slot_thread thread)
{
	if (s == NULL)
		return;
	/* The id is for the master, who wants this thread's stack when the
	 * heart stops; it costs a system call, so once. */
	if (LOOK(s->beat[thread].thread) == 0)
		SET(s->beat[thread].thread, gettid());
	SET(s->beat[thread].us, clock_us());
}

void
slot_enter_database(struct scoreboard_slot *s)
{
	if (s != NULL)
		SET(s->database_since_us, clock_us());
}

void
slot_leave_database(struct scoreboard_slot *s)
{
	if (s == NULL)
		return;
	/* The beat comes first: without a call to excuse it, the time that
	 * the call took must not look like a thread that hangs. */
	slot_beat(s, SLOT_DELIVERY);
	atomic_store_explicit(&s->database_since_us, 0, memory_order_release);
}

void
slot_set_fingerprint(struct scoreboard_slot *s, uint64_t fingerprint)
{
	if (s != NULL)
		SET(s->fingerprint, fingerprint);
}

void
scoreboard_set_text(_Atomic char *to, size_t size, struct view text)
{
	size_t i = 0;

	assert(size > 0);
	for (; i < size - 1 && i < text.len; i++)
		SET(to[i], text.at[i]);
	SET(to[i], '\0');
}

void
slot_set_error(struct scoreboard_slot *s, struct view text)
{
	if (s == NULL)
		return;
	scoreboard_set_text(s->error, SLOT_ERROR_SIZE, text);
	SET(s->error_wall_us, clock_wall_us());
}

void
slot_set_host(struct scoreboard_slot *s, struct view name)
{
	if (s != NULL)
		scoreboard_set_text(s->host, SLOT_HOST_SIZE, name);
}

void
slot_note_sandbox(struct scoreboard_slot *s,
		  const struct slot_sandbox *sandbox)
{
	if (s == NULL)
		return;
	s->sandbox.uid = sandbox->uid;
	s->sandbox.no_new_privs = sandbox->no_new_privs;
	s->sandbox.landlock = sandbox->landlock;
	s->sandbox.capabilities = sandbox->capabilities;
	s->sandbox.instructions = sandbox->instructions;
	s->sandbox.hash = sandbox->hash;
}

bool
scoreboard_is_poison(const struct scoreboard *b, uint64_t fingerprint)
{
	if (b == NULL || fingerprint == 0)
		return false;
	for (size_t i = 0; i < SCOREBOARD_POISON; i++)
		if (LOOK(b->poison[i]) == fingerprint)
			return true;
	return false;
}
