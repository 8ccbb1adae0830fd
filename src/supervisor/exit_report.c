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

static const char *
describe_work(const struct slot_figures *f)
{
	if (f->fingerprint != 0)
		return "parsing";
	if (f->database_since_us != 0)
		return "in a database call";
	if (f->gauges[GAUGE_HELD] > 0)
		return "delivering";
	return f->gauges[GAUGE_SESSIONS] > 0 ? "talking" : "idle";
}

/* Whether the master wanted it to end, and it did as asked. */
static bool
is_expected(const struct process *e, int status)
{
	bool was_told = e->state == PROCESS_DRAINING ||
			e->state == PROCESS_STOPPING ||
			e->state == PROCESS_QUITTING;

	return was_told && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void
put_on_list(struct master *m, const struct slot_figures *f)
{
	char text[32];

	scoreboard_add_poison(m->scoreboard, f->fingerprint);
	m->figures.poisoned++;
	snprintf(text, sizeof(text), "%016llx",
		 (unsigned long long)f->fingerprint);
	log_warn("a message killed a worker: it will be stored unparsed",
		 LOG_STR("fingerprint", text));
}

void
exit_report_write(struct master *m, int i, int status)
{
	const struct process *e = &m->processes.entries[i];
	struct slot_figures f;
	char end[64];

	scoreboard_read_slot(m->scoreboard, (size_t)i, &f);
	exit_report_describe(status, end, sizeof(end));
	bool is_fine = is_expected(e, status);
	int64_t age_ms = clock_ms() - e->forked_ms;
	log_event(is_fine ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
		  is_fine ? "process left" : "process died",
		  LOG_STR("role", role_name(e->role)),
		  LOG_NUM("number", e->number), LOG_NUM("child", e->pid),
		  LOG_NUM("generation", e->generation), LOG_STR("end", end),
		  LOG_STR("was", process_state_name(e->state)),
		  LOG_STR("doing", describe_work(&f)),
		  LOG_NUM("sessions", f.gauges[GAUGE_SESSIONS]),
		  LOG_NUM("mails", f.counters[COUNT_MAILS_ACCEPTED]),
		  LOG_NUM("age", age_ms / 1000));
	if (!is_fine && e->role == SLOT_WORKER && f.fingerprint != 0)
		put_on_list(m, &f);
}
