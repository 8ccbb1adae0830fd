/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Heartbeats. They come from shared memory that a child may have spoilt; the
 * worst that a false one can do is to end or to spare its own process. */
#include "supervisor/watchdog.h"

#include "base/clock.h"
#include "supervisor/children.h"
#include "supervisor/roles.h"

enum {
	LOOK_MS = 1000,
	LATE_MS = 5000,         /* the master itself was stopped for so long */
	DATABASE_TIMES = 20     /* no call may last that many limits */
};

enum slot_thread
watchdog_judge(const struct slot_figures *f, int64_t now_us, int64_t limit_ms)
{
	for (int t = 0; t < SLOT_THREADS; t++) {
		int64_t limit_us = limit_ms * 1000;
		int64_t since_us = f->beat_us[t];
		if (since_us == 0)
			continue;
		if (t == SLOT_DELIVERY && f->database_since_us > 0) {
			since_us = f->database_since_us;
			limit_us *= DATABASE_TIMES;
		}
		/* Hostile values: none may overflow. */
		if (since_us > 0 && since_us < now_us &&
		    now_us - since_us > limit_us)
			return (enum slot_thread)t;
	}
	return SLOT_THREADS;
}

void
watchdog_tick(struct master *m)
{
	static const char *const names[] = { [SLOT_LOOP] = "loop",
					     [SLOT_DELIVERY] = "delivery" };
	int64_t limit_ms = m->now.config->watchdog_ms;
	int64_t now_ms = clock_ms(), now_us = clock_us();
	int64_t late_ms = now_ms - m->next_look_ms;
	struct slot_figures f;

	if (limit_ms == 0 || late_ms < 0)
		return;
	m->next_look_ms = now_ms + LOOK_MS;
	/* Whoever stopped the master may have stopped the children too: they
	 * get a moment to show that they are alive. */
	if (late_ms > LATE_MS) {
		m->next_look_ms = now_ms + LATE_MS;
		return;
	}
	for (int i = 1; i < SCOREBOARD_SLOTS; i++) {
		const struct process *e = &m->processes.entries[i];
		if (e->state != PROCESS_READY && e->state != PROCESS_DRAINING &&
		    e->state != PROCESS_STOPPING)
			continue;
		scoreboard_read_slot(m->scoreboard, (size_t)i, &f);
		enum slot_thread t = watchdog_judge(&f, now_us, limit_ms);
		if (t == SLOT_THREADS)
			continue;
		log_error("a process hangs: it is replaced",
			  LOG_STR("role", role_name(e->role)),
			  LOG_NUM("number", e->number),
			  LOG_NUM("child", e->pid),
			  LOG_STR("thread", names[t]),
			  LOG_MS("silent_ms", f.beat_us[t] > 0
				 ? now_us - f.beat_us[t] : 0),
			  LOG_NUM("sessions", f.gauges[GAUGE_SESSIONS]));
		m->children[i].hung_thread =
			scoreboard_thread_id(m->scoreboard, (size_t)i, t);
		children_take(m, i, PROCESS_HANGS);
	}
}
