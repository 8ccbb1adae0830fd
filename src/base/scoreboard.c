/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The owner's side of the scoreboard: a process writes its own slot. Relaxed
 * order is enough: a figure stands for itself, and nobody acts on two. */
#include "base/scoreboard.h"

#include "base/clock.h"
#include "base/scoreboard_layout.h"

#include <sys/syscall.h>
#include <unistd.h>

void
slot_count(struct scoreboard_slot *s, enum slot_counter which, uint64_t more)
{
	if (s != NULL)
		atomic_fetch_add_explicit(&s->counters[which], more,
					  memory_order_relaxed);
}

void
slot_gauge(struct scoreboard_slot *s, enum slot_gauge which, uint64_t now)
{
	if (s != NULL)
		atomic_store_explicit(&s->gauges[which], now,
				      memory_order_relaxed);
}

void
slot_set_state(struct scoreboard_slot *s, enum slot_state state)
{
	if (s != NULL)
		atomic_store_explicit(&s->state, (int32_t)state,
				      memory_order_relaxed);
}

static int32_t
thread_id(void)
{
#ifdef SYS_gettid
	return (int32_t)syscall(SYS_gettid);
#else
	return 0;
#endif
}

void
slot_beat(struct scoreboard_slot *s, enum slot_thread thread)
{
	if (s == NULL)
		return;
	/* The id is for the master, who wants this thread's stack when the
	 * heart stops; it costs a system call, so once. */
	if (atomic_load_explicit(&s->beat[thread].thread,
				 memory_order_relaxed) == 0)
		atomic_store_explicit(&s->beat[thread].thread, thread_id(),
				      memory_order_relaxed);
	atomic_store_explicit(&s->beat[thread].us, clock_us(),
			      memory_order_relaxed);
}

void
slot_enter_database(struct scoreboard_slot *s)
{
	if (s != NULL)
		atomic_store_explicit(&s->database_since_us, clock_us(),
				      memory_order_relaxed);
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
		atomic_store_explicit(&s->fingerprint, fingerprint,
				      memory_order_relaxed);
}

void
slot_set_error(struct scoreboard_slot *s, const char *text)
{
	if (s == NULL)
		return;
	size_t i = 0;
	for (; i < SLOT_ERROR_SIZE - 1 && text[i] != '\0'; i++)
		atomic_store_explicit(&s->error[i], text[i],
				      memory_order_relaxed);
	atomic_store_explicit(&s->error[i], '\0', memory_order_relaxed);
}

bool
scoreboard_is_poison(const struct scoreboard *b, uint64_t fingerprint)
{
	if (b == NULL || fingerprint == 0)
		return false;
	for (size_t i = 0; i < SCOREBOARD_POISON; i++)
		if (atomic_load_explicit(&b->poison[i],
					 memory_order_relaxed) == fingerprint)
			return true;
	return false;
}
