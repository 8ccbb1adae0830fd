/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each death is logged with its cause. The slot was written by a process
 * that went wrong: its figures are printed, never acted on, but for the
 * fingerprint, and the worst that a false one does is to spare some message
 * the parser. */
#include "supervisor/exit_report.h"

#include "base/clock.h"
#include "supervisor/roles.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

void
exit_report_describe(int status, char *out, size_t size)
{
	const int signal = WIFSTOPPED(status) ? WSTOPSIG(status)
					      : WTERMSIG(status);
	const char *name = sigabbrev_np(signal);

	if (WIFEXITED(status))
		snprintf(out, size, "exit %d", WEXITSTATUS(status));
	else if (name == NULL)
		snprintf(out, size, "signal %d", signal);
	else
		snprintf(out, size, "SIG%s%s", name,
			 WIFSIGNALED(status) && WCOREDUMP(status)
				 ? ", core dumped" : "");
}

enum restart_cause
exit_report_cause(const struct process *e, int status)
{
	if (e->state == PROCESS_HUNG)
		return RESTART_HANG;
	if (e->ready_ms == 0)
		return RESTART_START;
	return WIFSIGNALED(status) ? RESTART_SIGNAL : RESTART_EXIT;
}

void
exit_report_write(struct master *m, int i, int status)
{
	const struct process *e = &m->processes.entries[i];
	bool was_told = e->state == PROCESS_DRAINING ||
			e->state == PROCESS_STOPPING ||
			e->state == PROCESS_QUITTING;
	bool is_fine = was_told && WIFEXITED(status) &&
		       WEXITSTATUS(status) == 0;
	struct slot_figures f;
	char end[64], fingerprint[32];

	scoreboard_read_slot(m->scoreboard, (size_t)i, &f);
	exit_report_describe(status, end, sizeof(end));
	const char *doing = f.gauges[GAUGE_SESSIONS] > 0 ? "talking" : "idle";
	if (f.fingerprint != 0)
		doing = "parsing";
	else if (f.database_since_us != 0)
		doing = "in a database call";
	else if (f.gauges[GAUGE_HELD] > 0)
		doing = "delivering";
	log_event(is_fine ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
		  is_fine ? "process left" : "process died",
		  LOG_STR("role", role_name(e->role)),
		  LOG_NUM("number", e->number), LOG_NUM("child", e->pid),
		  LOG_NUM("generation", e->generation), LOG_STR("end", end),
		  LOG_STR("was", process_state_name(e->state)),
		  LOG_STR("doing", doing),
		  LOG_NUM("sessions", f.gauges[GAUGE_SESSIONS]),
		  LOG_NUM("mails", f.counters[COUNT_MAILS_ACCEPTED]),
		  LOG_NUM("age", (clock_ms() - e->forked_ms) / 1000));
	if (is_fine || e->role != SLOT_WORKER || f.fingerprint == 0)
		return;
	scoreboard_add_poison(m->scoreboard, f.fingerprint);
	m->figures.poisoned++;
	snprintf(fingerprint, sizeof(fingerprint), "%016llx",
		 (unsigned long long)f.fingerprint);
	log_warn("a message killed a worker: it will be stored unparsed",
		 LOG_STR("fingerprint", fingerprint));
}
