/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The moment at which the service is there, and who is told: with -d the
 * parent, which stays so long that whoever started it sees what was wrong. */
#include "supervisor/readiness.h"

#include "base/clock.h"
#include "supervisor/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	FIRST_TRY_MS = 15000,   /* for the database, before -d returns */
	ADDRESSES_SIZE = 1024
};

/* How the first tries to reach the database ended, as the workers' slots say:
 * one is there, or all failed, or it is not known yet. */
enum database { DATABASE_THERE, DATABASE_AWAY, DATABASE_UNKNOWN };

static enum database
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

static void
announce(struct master *m)
{
	const struct net_settings *net = &m->now.config->worker.net;
	struct buf addresses = BUF(ADDRESSES_SIZE);
	bool has_worker = false;

	if (m->is_ready || m->phase != MASTER_SERVING)
		return;
	/* Every worker serves or has failed once, and one serves: from now on
	 * the service is there, and the rest is the process table's. */
	for (int i = 1; i < SCOREBOARD_SLOTS; i++) {
		const struct process *e = &m->processes.entries[i];
		if (e->role != SLOT_WORKER || e->state == PROCESS_FREE)
			continue;
		if (e->state == PROCESS_READY)
			has_worker = true;
		else if (e->forked_ms == 0 ||
			 (e->restarts == 0 && e->state != PROCESS_WAITING))
			return;
	}
	if (!has_worker)
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
		 LOG_VIEW("addresses", buf_view(&addresses)),
		 LOG_STR("status", net->has_status
			 ? net->listeners[net->listener_count].name : "off"));
	buf_release(&addresses);
	notify_send("READY=1\nSTATUS=Generation %u serves\n", m->now.number);
}

void
readiness_tick(struct master *m)
{
	struct slot_figures f;

	announce(m);
	if (m->ready_pipe < 0 || !m->is_ready)
		return;
	/* The command that started us ends now; whoever typed it hears first
	 * where mail cannot be stored yet, which is no failure of the start. */
	enum database database = judge_database(m, &f);
	if (database == DATABASE_UNKNOWN &&
	    clock_ms() - m->ready_ms < FIRST_TRY_MS)
		return;
	if (database == DATABASE_AWAY)
		fprintf(stderr, "guerrilla-smtpd: warning: the service runs, "
			"but the database cannot be reached: %s\n", f.error);
	background_release();
	ssize_t ignored = write(m->ready_pipe, "", 1);
	(void)ignored;
	close(m->ready_pipe);
	m->ready_pipe = -1;
}

void
readiness_advise(struct master *m)
{
	struct view rest = buf_view(&m->advice);

	while (rest.len > 0) {
		struct view line = view_take_line(&rest);
		log_warn("the account could be safer", LOG_VIEW("how", line));
	}
	buf_release(&m->advice);
}

int
background_begin(void)
{
	int ends[2], status;
	char byte;
	ssize_t n;

	if (pipe(ends) != 0)
		return -1;
	pid_t child = fork();
	if (child < 0) {
		close(ends[0]);
		close(ends[1]);
		return -1;
	}
	if (child > 0) {
		close(ends[1]);
		do
			n = read(ends[0], &byte, 1);
		while (n < 0 && errno == EINTR);
		if (n == 1)
			_exit(EXIT_SUCCESS);
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
		_exit(WIFEXITED(status) && WEXITSTATUS(status) != 0
		      ? WEXITSTATUS(status) : EXIT_START);
	}
	close(ends[0]);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	setsid();
	if (chdir("/") != 0)
		return -1;
	return ends[1];
}

void
background_release(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; null >= 0 && i <= STDERR_FILENO; i++)
		dup2(null, i);
	if (null > STDERR_FILENO)
		close(null);
}
