/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stopping. The logger goes last, when nobody is left who could have
 * something to say; with it who tells balancers that all others go. */
#include "supervisor/stop.h"

#include "base/clock.h"
#include "base/pid_file.h"
#include "supervisor/children.h"
#include "supervisor/notify.h"
#include "supervisor/reload.h"
#include "supervisor/roles.h"
#include "supervisor/upgrade.h"

#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

enum { FIRST_PROGRESS_MS = 1200, PROGRESS_MS = 2000, LAST_MS = 3000 };

static bool
is_last(const struct process *e)
{
	const struct role *role = role_of(e->role);

	return role != NULL && role->is_last;
}

static void
tell(struct master *m, bool the_last, enum process_event event)
{
	for (int i = 1; i < SCOREBOARD_SLOTS; i++)
		if (is_last(&m->processes.entries[i]) == the_last)
			children_take(m, i, event);
}

void
stop_gracefully(struct master *m)
{
	if (m->phase != MASTER_SERVING) {
		stop_at_once(m);
		return;
	}
	m->phase = MASTER_STOPPING;
	m->next_progress_ms = clock_ms() + FIRST_PROGRESS_MS;
	control_socket_take_up(&m->control, CONTROL_STOP);
	notify_send("STOPPING=1\nSTATUS=Stopping\n");
	reload_cancel(m, "the service is stopped");
	upgrade_give_up(m, "the service is stopped");
	log_info("stopping",
		 LOG_NUM("sessions",
			 scoreboard_sum(m->scoreboard, GAUGE_SESSIONS)));
	generation_close_listeners(&m->now, NULL);
	tell(m, false, PROCESS_STOP);
}

void
stop_at_once(struct master *m)
{
	if (m->phase == MASTER_QUITTING)
		return;
	if (m->phase == MASTER_SERVING) {
		reload_cancel(m, "the service is stopped");
		upgrade_give_up(m, "the service is stopped");
		notify_send("STOPPING=1\nSTATUS=Stopping at once\n");
	}
	m->phase = MASTER_QUITTING;
	m->next_progress_ms = clock_ms() + FIRST_PROGRESS_MS;
	control_socket_take_up(&m->control, CONTROL_STOP);
	control_socket_take_up(&m->control, CONTROL_KILL);
	log_info("stopping at once");
	generation_close_listeners(&m->now, NULL);
	tell(m, false, PROCESS_QUIT);
}

bool
stop_tick(struct master *m)
{
	size_t others = 0, last = 0;
	char text[96];

	if (m->phase == MASTER_SERVING)
		return false;
	for (int i = 1; i < SCOREBOARD_SLOTS; i++) {
		const struct process *e = &m->processes.entries[i];
		if (process_is_alive(e))
			*(is_last(e) ? &last : &others) += 1;
	}
	if (others > 0 && clock_ms() >= m->next_progress_ms) {
		uint64_t sessions =
			scoreboard_sum(m->scoreboard, GAUGE_SESSIONS);
		m->next_progress_ms = clock_ms() + PROGRESS_MS;
		log_info("stop goes on", LOG_NUM("processes", others),
			 LOG_NUM("sessions", sessions));
		snprintf(text, sizeof(text), "%" PRIu64 " sessions left",
			 sessions);
		control_socket_tell(&m->control, CONTROL_STOP, text);
		notify_send("STATUS=Stopping, %s\n", text);
	}
	if (others > 0)
		return false;
	if (!m->has_said_stopped) {
		m->has_said_stopped = true;
		log_info("stopped", LOG_NUM("generation", m->now.number));
		tell(m, true, PROCESS_STOP);
		/* One that is stuck in its target must not hold the end up. */
		for (int i = 1; i < SCOREBOARD_SLOTS; i++)
			if (m->processes.entries[i].state == PROCESS_STOPPING)
				m->processes.entries[i].due_ms =
					clock_ms() + LAST_MS;
	}
	return last == 0;
}

void
stop_finish(struct master *m)
{
	static const char *const names[] = { "control", "scoreboard" };
	char path[PATH_MAX];

	assert(m->phase != MASTER_SERVING);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		int len = snprintf(path, sizeof(path), "%s/%s",
				   m->now.config->run_dir, names[i]);
		if (len > 0 && (size_t)len < sizeof(path))
			unlink(path);
	}
	pid_file_leave(&m->pid_file);
	control_socket_answer(&m->control, CONTROL_STOP, true, "stopped");
	control_socket_answer(&m->control, CONTROL_KILL, true,
			      "stopped at once");
	generation_close(&m->now, NULL);
}
