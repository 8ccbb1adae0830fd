/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stopping. The logger goes last, when nobody is left who could have
 * something to say. */
#include "supervisor/stop.h"

#include "base/clock.h"
#include "base/pid_file.h"
#include "supervisor/children.h"
#include "supervisor/notify.h"
#include "supervisor/reload.h"
#include "supervisor/upgrade.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

enum { FIRST_PROGRESS_MS = 1200, PROGRESS_MS = 2000, LOGGER_MS = 3000 };

static bool
is_no_logger(const struct master *m, const struct process *e)
{
	(void)m;
	return e->role != SLOT_LOGGER;
}

static bool
is_logger(const struct master *m, const struct process *e)
{
	return !is_no_logger(m, e);
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
	children_take_all(m, PROCESS_STOP, is_no_logger);
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
	children_take_all(m, PROCESS_QUIT, is_no_logger);
}

static void
report_progress(struct master *m, size_t processes)
{
	uint64_t sessions = scoreboard_sum(m->scoreboard, GAUGE_SESSIONS);
	char text[96];

	if (clock_ms() < m->next_progress_ms)
		return;
	m->next_progress_ms = clock_ms() + PROGRESS_MS;
	log_info("stop goes on", LOG_NUM("processes", processes),
		 LOG_NUM("sessions", sessions));
	snprintf(text, sizeof(text), "%" PRIu64 " sessions left", sessions);
	control_socket_tell(&m->control, CONTROL_STOP, text);
	notify_send("STATUS=Stopping, %" PRIu64 " sessions left\n", sessions);
}

/* One that is stuck in its target must not hold the end up. */
static void
hurry_loggers(struct master *m)
{
	for (int i = 1; i < SCOREBOARD_SLOTS; i++)
		if (m->processes.entries[i].state == PROCESS_STOPPING)
			m->processes.entries[i].due_ms = clock_ms() + LOGGER_MS;
}

bool
stop_tick(struct master *m)
{
	size_t others = 0, loggers = 0;

	if (m->phase == MASTER_SERVING)
		return false;
	for (int i = 1; i < SCOREBOARD_SLOTS; i++) {
		const struct process *e = &m->processes.entries[i];
		if (process_is_alive(e) && is_logger(m, e))
			loggers++;
		else if (process_is_alive(e))
			others++;
	}
	if (others > 0) {
		report_progress(m, others);
		return false;
	}
	if (!m->has_said_stopped) {
		m->has_said_stopped = true;
		log_info("stopped", LOG_NUM("generation", m->now.number));
		children_take_all(m, PROCESS_STOP, is_logger);
		hurry_loggers(m);
	}
	return loggers == 0;
}

static void
unlink_in(const char *directory, const char *name)
{
	char path[PATH_MAX];

	int len = snprintf(path, sizeof(path), "%s/%s", directory, name);
	if (len > 0 && (size_t)len < sizeof(path))
		unlink(path);
}

void
stop_finish(struct master *m)
{
	unlink_in(m->now.config->run_dir, "control");
	unlink_in(m->now.config->run_dir, "scoreboard");
	pid_file_leave(&m->pid_file);
	control_socket_answer(&m->control, CONTROL_STOP, true, "stopped");
	control_socket_answer(&m->control, CONTROL_KILL, true,
			      "stopped at once");
	generation_close(&m->now, NULL);
}
