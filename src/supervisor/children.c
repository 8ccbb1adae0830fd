/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Forks, messages, signals and deaths, as the process table asks for them. The
 * master has one thread whenever it forks. */
#include "supervisor/children.h"

#include "base/clock.h"
#include "supervisor/child.h"
#include "supervisor/exit_report.h"
#include "supervisor/proof.h"
#include "supervisor/roles.h"
#include "supervisor/upgrade.h"
#include "supervisor/usage.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void
occupy_slot(struct master *m, int i)
{
	const struct process *e = &m->processes.entries[i];
	const struct slot_tenant tenant = { e->role, role_name(e->role), e->pid,
					    e->number, e->generation,
					    e->restarts };

	scoreboard_occupy(m->scoreboard, (size_t)i, &tenant);
}

static void
give_region_back(struct master *m, struct child *c, bool has_ended_well)
{
	struct connection_limits *limits = c->connection_limits;

	if (limits == NULL)
		return;
	if (c->region >= 0)
		connection_limits_clear_region(limits, (unsigned)c->region,
					       has_ended_well, clock_ms());
	c->connection_limits = NULL;
	c->region = -1;
	/* One that a reload outgrew goes with the last who counts in it. */
	bool is_used = limits == m->connection_limits;
	for (int i = 1; i < SCOREBOARD_SLOTS; i++)
		is_used |= m->children[i].connection_limits == limits;
	if (!is_used)
		connection_limits_free(&limits);
}

static void
fork_failed(struct master *m, int i)
{
	log_error("cannot start a process",
		  LOG_STR("role", role_name(m->processes.entries[i].role)),
		  LOG_NUM("number", m->processes.entries[i].number),
		  LOG_STR("error", strerror(errno)));
	give_region_back(m, &m->children[i], true);
	children_take(m, i, PROCESS_FORK_FAILED);
}

static void
start(struct master *m, int i)
{
	struct process *e = &m->processes.entries[i];
	struct child *c = &m->children[i];
	struct child_ends ours = { -1, -1 }, own = { -1, -1 };
	pid_t pid = -1;

	assert(!process_is_alive(e) && c->channel < 0);
	c->region = 0;
	if (e->role == SLOT_WORKER) {
		c->connection_limits = m->connection_limits;
		c->region = connection_limits_take_region(c->connection_limits);
		errno = EAGAIN;
	}
	if (c->region >= 0 && child_ends_make(m, i, &ours, &own) == 0) {
		e->pid = 0;
		occupy_slot(m, i);
		pid = fork();
	}
	if (pid == 0)
		child_live(m, i, &own);
	int error = errno;
	child_ends_close(&own);
	if (pid < 0) {
		child_ends_close(&ours);
		errno = error;
		fork_failed(m, i);
		return;
	}
	fcntl(ours.channel, F_SETFL, O_NONBLOCK);
	c->channel = ours.channel;
	c->questions = ours.questions;
	e->pid = pid;
	c->cpu_us = 0;
	if (e->forked_ms != 0) {
		m->figures.restarts++;
		scoreboard_count_restart(m->scoreboard, e->role, c->ended_by);
	}
	children_take(m, i, PROCESS_FORKED);
	occupy_slot(m, i);
	child_introduce(m, i);
	log_debug("process started", LOG_STR("role", role_name(e->role)),
		  LOG_NUM("number", e->number), LOG_NUM("child", pid),
		  LOG_NUM("generation", e->generation));
}

/* A word on its channel, whatever its state. */
static void
say(struct master *m, int i, enum child_message word)
{
	char byte = (char)word;

	if (m->children[i].channel < 0)
		return;
	/* A child that does not read is for the deadline, not for us. */
	ssize_t n = send(m->children[i].channel, &byte, 1,
			 MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n != 1 && errno != EPIPE && errno != ECONNRESET)
		log_debug("a word is not heard",
			  LOG_NUM("child", m->processes.entries[i].pid));
}

static void
perform(struct master *m, int i, enum process_action act)
{
	const struct process *e = &m->processes.entries[i];
	pid_t thread = m->children[i].hung_thread;

	switch (act) {
	case PROCESS_DO_NOTHING:
		break;
	case PROCESS_DO_FORK:
		start(m, i);
		break;
	case PROCESS_SAY_DRAIN:
		say(m, i, CHILD_DRAIN);
		break;
	case PROCESS_SAY_STOP:
		say(m, i, CHILD_STOP);
		break;
	case PROCESS_SAY_QUIT:
		say(m, i, CHILD_QUIT);
		break;
	case PROCESS_ABORT:
		/* The thread that hangs, if the slot knows one: its stack is
		 * wanted. The kernel refuses what is no thread of it. */
		if (thread <= 0 || tgkill(e->pid, thread, SIGABRT) != 0)
			kill(e->pid, SIGABRT);
		break;
	case PROCESS_KILL:
		log_warn("a process does not leave: killed",
			 LOG_STR("role", role_name(e->role)),
			 LOG_NUM("number", e->number),
			 LOG_NUM("child", e->pid));
		kill(e->pid, SIGKILL);
		break;
	}
}

void
children_take(struct master *m, int i, enum process_event event)
{
	perform(m, i,
		process_table_handle(&m->processes, i, event, clock_ms()));
}

void
children_quit_generation(struct master *m, unsigned generation)
{
	for (int i = 1; i < SCOREBOARD_SLOTS; i++)
		if (m->processes.entries[i].generation == generation)
			children_take(m, i, PROCESS_QUIT);
}

void
children_drain_past(struct master *m)
{
	for (int i = 1; i < SCOREBOARD_SLOTS; i++)
		if (m->processes.entries[i].generation != m->now.number)
			children_take(m, i, PROCESS_DRAIN);
}

void
children_say_all(struct master *m, enum slot_role role,
		 enum child_message word)
{
	for (int i = 1; i < SCOREBOARD_SLOTS; i++)
		if (m->processes.entries[i].role == role)
			say(m, i, word);
}

void
children_tick(struct master *m)
{
	for (int i = 1; i < SCOREBOARD_SLOTS; i++)
		perform(m, i, process_table_tick(&m->processes, i, clock_ms()));
}

void
children_reap(struct master *m)
{
	char stopped_by[32];
	struct rusage used;
	int status;
	pid_t pid;

	/* As process 1 we also get the orphans of others: theirs is silence. */
	while ((pid = wait4(-1, &status, WNOHANG | WUNTRACED, &used)) > 0) {
		if (upgrade_reaped(m, pid, status))
			continue;
		int i = process_table_find(&m->processes, pid);
		if (i > 0 && WIFSTOPPED(status)) {
			exit_report_describe(status, stopped_by,
					     sizeof(stopped_by));
			log_warn("a process was stopped by a signal",
				 LOG_NUM("child", pid),
				 LOG_STR("signal", stopped_by));
		} else if (i > 0) {
			m->dead[m->dead_count++ % SCOREBOARD_SLOTS] = pid;
			exit_report_write(m, i, status);
			struct child *c = &m->children[i];
			child_ends_close(&(struct child_ends){ c->channel,
							c->questions });
			give_region_back(m, c, WIFEXITED(status) &&
					 WEXITSTATUS(status) == 0);
			usage_of_dead(m, i, &used);
			*c = NO_CHILD;
			c->ended_by = exit_report_cause(
				&m->processes.entries[i], status);
			scoreboard_vacate(m->scoreboard, (size_t)i);
			children_take(m, i, PROCESS_EXITED);
		}
	}
}

size_t
children_watch(const struct master *m, struct pollfd *polls, int *whose)
{
	size_t n = 0;

	for (int i = 1; i < SCOREBOARD_SLOTS; i++) {
		if (m->children[i].channel < 0)
			continue;
		polls[n] = (struct pollfd){ m->children[i].channel, POLLIN,
					    0 };
		whose[n++] = i;
	}
	return n;
}

void
children_hear(struct master *m, int i)
{
	struct child *c = &m->children[i];
	struct slot_figures told;
	char words[64];

	assert(c->channel >= 0);
	ssize_t n = read(c->channel, words, sizeof(words));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		/* Its end is closed: it is dying, and waitpid will tell. */
		close(c->channel);
		c->channel = -1;
		return;
	}
	for (ssize_t k = 0; k < n; k++) {
		if (words[k] == CHILD_READY) {
			children_take(m, i, PROCESS_IS_READY);
			scoreboard_read_slot(m->scoreboard, (size_t)i, &told);
			proof_log(&m->processes.entries[i], m->now.config,
				  &told.sandbox);
		} else if (words[k] == CHILD_RECYCLE) {
			c->wants_recycle = true;
		}
	}
}

int
children_add(struct master *m, enum slot_role role, int number,
	     unsigned generation)
{
	int i = process_table_add(&m->processes, role, number, generation);

	if (i > 0)
		m->children[i] = NO_CHILD;
	return i;
}

int
children_staff(struct master *m, const struct generation *g)
{
	size_t room = 0;

	for (int i = 1; i < SCOREBOARD_SLOTS; i++)
		room += m->processes.entries[i].state == PROCESS_FREE;
	/* Some are left for helpers and replacements. */
	if (room < g->config->worker.workers + 8) {
		errno = EAGAIN;
		return -1;
	}
	for (int slot = SLOT_UNUSED; slot < SLOT_ROLES; slot++) {
		const struct role *role = role_of((enum slot_role)slot);
		if (role_is_helper_of(g, (enum slot_role)slot) &&
		    role->is_first)
			children_add(m, (enum slot_role)slot, 0, g->number);
	}
	for (size_t n = 1; n <= g->config->worker.workers; n++)
		children_add(m, SLOT_WORKER, (int)n, g->number);
	return 0;
}

enum children_readiness
children_judge(const struct master *m, unsigned generation)
{
	enum children_readiness readiness = CHILDREN_UP;

	for (int i = 1; i < SCOREBOARD_SLOTS; i++) {
		const struct process *e = &m->processes.entries[i];
		const struct role *role = role_of(e->role);
		if (e->state == PROCESS_FREE || e->generation != generation ||
		    role == NULL || !role->is_first)
			continue;
		bool has_died =
			e->state != PROCESS_READY &&
			(e->restarts > 0 ||
			 (e->state == PROCESS_WAITING && e->forked_ms != 0));
		if (has_died || e->state == PROCESS_HUNG)
			return CHILDREN_LOST;
		if (e->state != PROCESS_READY)
			readiness = CHILDREN_COMING;
	}
	return readiness;
}

bool
children_is_child(void *master, pid_t pid)
{
	const struct master *m = master;

	for (size_t i = 0; i < m->dead_count && i < SCOREBOARD_SLOTS; i++)
		if (m->dead[i] == pid)
			return true;
	return process_table_find(&m->processes, pid) > 0;
}
