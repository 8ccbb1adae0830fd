/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The master keeps the end of the pause and tells the workers, now and when
 * they are born. */
#include "supervisor/pause.h"

#include "base/clock.h"
#include "base/process.h"
#include "config/units.h"
#include "supervisor/children.h"
#include "supervisor/notify.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

enum { OBEY_MS = 5000 };                /* until the answer, at most */

void
pause_set_title(const struct master *m)
{
	title_set(m->paused_until_ms != 0 ? "master (paused)" : "master");
}

void
pause_begin(struct master *m)
{
	const char *length = m->control.argument;
	int64_t ms = 0;

	control_socket_take_up(&m->control, CONTROL_PAUSE);
	if (m->phase != MASTER_SERVING ||
	    (length[0] != '\0' &&
	     (!duration_parse(view_of(length), &ms) || ms <= 0))) {
		control_socket_answer(&m->control, CONTROL_PAUSE, false,
				      m->phase != MASTER_SERVING
					      ? "the service is stopped"
					      : "not a length of time");
		return;
	}
	m->paused_until_ms = ms > 0 ? clock_ms() + ms : PROCESS_NEVER;
	m->pause_answer_ms = clock_ms() + OBEY_MS;
	log_info("paused: newcomers are answered 421 4.3.2",
		 LOG_NUM("seconds", ms / 1000));
	notify_send("STATUS=Paused\n");
	pause_set_title(m);
	children_say_all(m, SLOT_WORKER, CHILD_PAUSE);
}

static void
end(struct master *m, const char *why)
{
	assert(m->paused_until_ms != 0);
	m->paused_until_ms = 0;
	m->pause_answer_ms = 0;
	control_socket_answer(&m->control, CONTROL_PAUSE, false,
			      "the pause was ended");
	log_info("resumed", LOG_STR("why", why));
	notify_send("STATUS=Generation %u serves\n", m->now.number);
	pause_set_title(m);
	children_say_all(m, SLOT_WORKER, CHILD_RESUME);
}

void
pause_end(struct master *m)
{
	control_socket_take_up(&m->control, CONTROL_RESUME);
	bool was_on = m->paused_until_ms != 0;
	if (was_on)
		end(m, "asked for");
	control_socket_answer(&m->control, CONTROL_RESUME, true,
			      was_on ? "resumed" : "it was not paused");
}

void
pause_tick(struct master *m)
{
	int64_t now_ms = clock_ms(), left_ms = m->paused_until_ms - now_ms;
	struct slot_figures f;
	char text[96];

	if (m->paused_until_ms == 0)
		return;
	if (left_ms <= 0) {
		end(m, "its time is over");
		return;
	}
	/* Whether no worker takes newcomers any more, as their slots say. */
	bool do_all_obey = true;
	for (int i = 1; m->pause_answer_ms != 0 && i < SCOREBOARD_SLOTS; i++) {
		const struct process *e = &m->processes.entries[i];
		if (e->role != SLOT_WORKER || e->state != PROCESS_READY)
			continue;
		scoreboard_read_slot(m->scoreboard, (size_t)i, &f);
		do_all_obey = do_all_obey && f.state == SLOT_PAUSED;
	}
	if (m->pause_answer_ms == 0 ||
	    (!do_all_obey && now_ms < m->pause_answer_ms))
		return;
	size_t len = (size_t)snprintf(
		text, sizeof(text), "paused; sessions that still finish: %"
		PRIu64, scoreboard_sum(m->scoreboard, GAUGE_SESSIONS));
	if (m->paused_until_ms != PROCESS_NEVER)
		snprintf(text + len, sizeof(text) - len, "; for %" PRId64 " s",
			 (left_ms + 999) / 1000);
	control_socket_answer(&m->control, CONTROL_PAUSE, true, text);
	m->pause_answer_ms = 0;
}
