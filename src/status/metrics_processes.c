/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The metrics of roles and of single workers. */
#include "status/metrics_printer.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Processes ---------------------------------------------------------- */

/* One role, and how many of it are in each state. */
struct role_count {
	char name[SLOT_ROLE_NAME_SIZE];
	uint64_t in[SLOT_GONE];
};

static void
print_states(struct printer *p)
{
	/* None that lives is a figure too: an alert looks for it. */
	struct role_count roles[SLOT_ROLES] = { { .name = "worker" } };
	struct slot_figures f;
	char labels[64];

	for (size_t i = 0; i < scoreboard_slots(p->b); i++) {
		size_t r = 0;
		if (!scoreboard_read(p->b, i, &f) || f.role == SLOT_UNUSED)
			continue;
		while (r < SLOT_ROLES - 1 && roles[r].name[0] != '\0' &&
		       strcmp(roles[r].name, f.role_name) != 0)
			r++;
		snprintf(roles[r].name, sizeof(roles[r].name), "%s",
			 f.role_name);
		if (f.state < SLOT_GONE)
			roles[r].in[f.state]++;
	}
	metrics_gauge(p, "workers_wanted", "Workers that the configuration "
		      "asks for.", p->duty->workers);
	metrics_begin(p, "processes", false, "Processes, by what they are and "
		      "do.");
	for (size_t r = 0; r < SLOT_ROLES && roles[r].name[0] != '\0'; r++)
		for (int s = 0; s < SLOT_GONE; s++) {
			snprintf(labels, sizeof(labels),
				 "{role=\"%.15s\",state=\"%s\"}",
				 roles[r].name,
				 slot_state_name((enum slot_state)s));
			metrics_sample(p, labels, roles[r].in[s]);
		}
}

/* Two generations have a worker of the same number for a while: the worse
 * of them. */
struct worker_times {
	bool is_there;
	int64_t beat_age_us[SLOT_THREADS];
	int64_t in_database_us;
};

/* The time since then, which is 0 for never, where that is longer. */
static int64_t
longer(int64_t age_us, const struct printer *p, int64_t then_us)
{
	return then_us > 0 && p->now_us - then_us > age_us
		       ? p->now_us - then_us : age_us;
}

static void
print_workers(struct printer *p)
{
	static const char *const threads[SLOT_THREADS] = { "loop",
							   "delivery" };
	size_t count = scoreboard_slots(p->b);
	struct worker_times *workers = memory_new(count, sizeof(*workers));
	struct slot_figures f;
	char labels[64];

	for (size_t i = 0; i < count; i++) {
		if (!scoreboard_read(p->b, i, &f) || f.role != SLOT_WORKER ||
		    f.number <= 0 || (size_t)f.number >= count)
			continue;
		struct worker_times *w = &workers[f.number];
		w->is_there = true;
		w->in_database_us = longer(w->in_database_us, p,
					   f.database_since_us);
		for (int t = 0; t < SLOT_THREADS; t++)
			w->beat_age_us[t] = longer(w->beat_age_us[t], p,
						   f.beat_us[t]);
	}
	metrics_begin(p, "heartbeat_age_seconds", false, "Since a thread of a "
		      "worker was seen alive.");
	for (size_t n = 0; n < count; n++)
		for (int t = 0; t < SLOT_THREADS && workers[n].is_there; t++) {
			snprintf(labels, sizeof(labels),
				 "{worker=\"%zu\",thread=\"%s\"}", n,
				 threads[t]);
			metrics_sample_seconds(p, labels,
					       workers[n].beat_age_us[t]);
		}
	metrics_begin(p, "in_database_seconds", false, "How long a worker's "
		      "call of the database lasts by now; 0: there is none.");
	for (size_t n = 0; n < count; n++)
		if (workers[n].is_there) {
			snprintf(labels, sizeof(labels), "{worker=\"%zu\"}",
				 n);
			metrics_sample_seconds(p, labels,
					       workers[n].in_database_us);
		}
	free(workers);
}

/* ---- Roles -------------------------------------------------------------- */

/* One sample for each role that there was. */
static void
print_roles(struct printer *p)
{
	static const char *const causes[RESTART_CAUSES] = {
		[RESTART_EXIT] = "exit", [RESTART_SIGNAL] = "signal",
		[RESTART_HANG] = "hang", [RESTART_START] = "start",
		[RESTART_RECYCLE] = "recycle",
	};
	struct role_figures roles[SLOT_ROLES];
	char labels[SLOT_ROLES][64];
	size_t count = 0;

	for (int role = 0; role < SLOT_ROLES; role++)
		if (scoreboard_read_role(p->b, (enum slot_role)role,
					 &roles[count])) {
			snprintf(labels[count], sizeof(labels[count]),
				 "{role=\"%s\"}", roles[count].name);
			count++;
		}
	metrics_begin(p, "restarts", true, "Processes started again, by how "
		      "the one before ended.");
	for (size_t r = 0; r < count; r++)
		for (int cause = 0; cause < RESTART_CAUSES; cause++) {
			char both[64];
			snprintf(both, sizeof(both),
				 "{role=\"%s\",cause=\"%s\"}",
				 roles[r].name, causes[cause]);
			metrics_sample(p, both, roles[r].restarts[cause]);
		}
	metrics_begin(p, "cpu_seconds", true, "CPU time used.");
	for (size_t r = 0; r < count; r++)
		metrics_sample_seconds(p, labels[r], (int64_t)roles[r].cpu_us);
	metrics_begin(p, "resident_bytes", false, "Memory that is resident, "
		      "shared pages counted for each process.");
	for (size_t r = 0; r < count; r++)
		metrics_sample(p, labels[r], roles[r].resident_bytes);
}

void
metrics_print_processes(struct printer *p)
{
	print_roles(p);
	print_states(p);
	print_workers(p);
}
