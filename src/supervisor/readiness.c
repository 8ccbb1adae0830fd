/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The moment at which the service is there, and who is told. */
#include "supervisor/readiness.h"

#include "base/clock.h"
#include "supervisor/background.h"
#include "supervisor/notify.h"

#include <stdio.h>

enum {
	FIRST_TRY_MS = 15000,   /* for the database, before -d returns */
	ADDRESSES_SIZE = 1024
};

/* Every worker serves or has failed once, and one serves: from now on the
 * service is there, and the rest is the process table's. */
static bool
are_workers_up(const struct master *m)
{
	bool has_worker = false;

	for (int i = 1; i < SCOREBOARD_SLOTS; i++) {
		const struct process *e = &m->processes.entries[i];
		if (e->role != SLOT_WORKER || e->state == PROCESS_FREE)
			continue;
		if (e->state == PROCESS_READY)
			has_worker = true;
		else if (e->forked_ms == 0 ||
			 (e->restarts == 0 && e->state != PROCESS_WAITING))
			return false;
	}
	return has_worker;
}

static void
look_for_ready(struct master *m)
{
	const struct net_settings *net = &m->now.config->worker.net;
	struct buf addresses = BUF(ADDRESSES_SIZE);

	if (m->is_ready || m->phase != MASTER_SERVING || !are_workers_up(m))
		return;
	m->is_ready = true;
	m->ready_ms = clock_ms();
	/* What does not fit any more is left out whole. */
	for (size_t i = 0; i < net->listener_count; i++)
		buf_printf(&addresses, "%s%s", i > 0 ? " " : "",
			   net->listeners[i].name);
	config_log_warnings(m->now.config);
	log_info("ready", LOG_STR("version", VERSION),
		 LOG_NUM("workers", m->now.config->worker.workers),
		 LOG_NUM("listeners", net->listener_count),
		 LOG_VIEW("addresses", buf_view(&addresses)));
	buf_release(&addresses);
	notify_send("READY=1\nSTATUS=Generation %u serves\n", m->now.number);
}

/* How the first tries to reach the database ended, as the workers' slots say:
 * one is there, or all failed, or it is not known yet. */
static enum { DATABASE_THERE, DATABASE_AWAY, DATABASE_UNKNOWN }
judge_database(const struct master *m, struct slot_figures *f)
{
	bool has_failed = false;

	for (int i = 1; i < SCOREBOARD_SLOTS; i++) {
		if (m->processes.entries[i].role != SLOT_WORKER ||
		    m->processes.entries[i].state != PROCESS_READY)
			continue;
		scoreboard_read_slot(m->scoreboard, (size_t)i, f);
		if (f->gauges[GAUGE_STORE_UP] != 0)
			return DATABASE_THERE;
		if (f->error[0] == '\0')
			return DATABASE_UNKNOWN;
		has_failed = true;
	}
	return has_failed ? DATABASE_AWAY : DATABASE_UNKNOWN;
}

/* The command that started us ends now; whoever typed it hears first where
 * mail cannot be stored yet, which is no failure of the start. */
static void
let_parent_go(struct master *m)
{
	struct slot_figures f;

	if (m->ready_pipe < 0 || !m->is_ready)
		return;
	switch (judge_database(m, &f)) {
	case DATABASE_AWAY:
		fprintf(stderr, "guerrilla-smtpd: warning: the service runs, "
			"but the database cannot be reached: %s\n", f.error);
		break;
	case DATABASE_UNKNOWN:
		if (clock_ms() - m->ready_ms < FIRST_TRY_MS)
			return;
		break;
	case DATABASE_THERE:
		break;
	}
	background_ready(&m->ready_pipe);
}

void
readiness_tick(struct master *m)
{
	look_for_ready(m);
	let_parent_go(m);
}

void
readiness_advise(struct master *m)
{
	struct view rest = buf_view(&m->advice);

	while (rest.len > 0) {
		size_t end = view_find(rest, '\n');
		log_warn("the account could be safer",
			 LOG_VIEW("how", view_slice(rest, 0, end)));
		rest = view_slice(rest, end + 1, rest.len);
	}
	buf_release(&m->advice);
}
