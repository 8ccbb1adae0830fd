/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The new program finds sockets that listen, children that serve and people
 * who wait for an answer. It brings its own generation up beside the old
 * one, and only when that serves the old is told to drain; if it does not,
 * the old program comes back with all that it had. */
#include "supervisor/takeover.h"

#include "base/clock.h"
#include "base/signals.h"
#include "base/title.h"
#include "supervisor/children.h"
#include "supervisor/limits.h"
#include "supervisor/notify.h"
#include "supervisor/startup.h"
#include "supervisor/upgrade.h"
#include "supervisor/worker_count.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRIAL_MS = 60000, TRIAL_TURN_MS = 50, TRIAL_LEAVE_MS = 5000 };

/* ---- The trial ----------------------------------------------------------- */

/* What is held already needs no claim, in the trial either. */
static void
adopt_spools(struct master *m, const struct handover *h)
{
	for (size_t i = 0; i < h->spools.count; i++) {
		fcntl(h->spools.at[i].fd, F_SETFD, FD_CLOEXEC);
		spool_adopt(&m->spools, h->spools.at[i].fd,
			    h->spools.at[i].dir);
	}
}

static void
turn_trial(struct master *m, int i)
{
	struct pollfd channel = { .fd = m->children[i].channel,
				  .events = POLLIN };

	if (poll(&channel, 1, TRIAL_TURN_MS) > 0 &&
	    m->children[i].channel >= 0)
		children_hear(m, i);
	children_reap(m);
	children_tick(m);
}

static bool
bring_one_up(struct master *m, int i)
{
	const struct process *e = &m->processes.entries[i];
	int64_t until_ms = clock_ms() + TRIAL_MS;

	children_tick(m);
	while (e->state == PROCESS_STARTING && clock_ms() < until_ms)
		turn_trial(m, i);
	bool is_up = e->state == PROCESS_READY;
	children_take(m, i, PROCESS_QUIT);
	until_ms = clock_ms() + TRIAL_LEAVE_MS;
	while (e->state == PROCESS_QUITTING && clock_ms() < until_ms)
		turn_trial(m, i);
	return is_up;
}

int
takeover_try(struct master *m, struct config *config,
	     const struct handover *h)
{
	struct buf why = BUF(4096);

	title_set("trial");
	handover_forget();
	m->lines[1] = h->lines[1];
	adopt_spools(m, h);
	m->scoreboard = scoreboard_create(&m->scoreboard_fd);
	m->backlogs = log_backlogs_open(MASTER_BACKLOGS);
	/* Without listeners: it must not take a client and then leave. */
	m->now = (struct generation){ .number = 1, .config = config,
				      .log_file = -1 };
	config->worker.net.listener_count = 0;
	int code = EXIT_START;
	if (m->scoreboard != NULL && m->backlogs >= 0 &&
	    limits_raise_files(config, &why) == 0 &&
	    generation_load(&m->now, &m->spools, &why) == 0 &&
	    startup_connection_limits(m, config) == 0) {
		struct process_times times = startup_times(config);
		process_table_init(&m->processes, &times, clock_ms());
		master_init_log(m);
		int i = children_add(m, SLOT_WORKER, 1, 1);
		code = bring_one_up(m, i) ? EXIT_DONE : EXIT_START;
		if (code != EXIT_DONE)
			buf_printf(&why, "no worker became ready\n");
	}
	fprintf(stderr, "%.*s", (int)why.len, why.len > 0 ? why.at : "");
	fflush(stderr);
	return code;
}

/* ---- Taking over --------------------------------------------------------- */

/* The sockets as a generation of nobody, so that they are found by name. */
static void
hold_listeners(struct master *m, const struct handover *h)
{
	struct takeover *t = &m->takeover;
	size_t count = h->listener_count;

	struct listen_settings *settings =
		arena_alloc(&t->arena, count * sizeof(*settings));
	t->handed = (struct generation){ .config = &t->handed_config,
					 .log_file = -1 };
	t->handed.listeners = calloc(count > 0 ? count : 1, sizeof(int));
	for (size_t i = 0; i < count; i++) {
		settings[i].name = h->listeners[i].name;
		t->handed.listeners[i] = h->listeners[i].fd;
		fcntl(h->listeners[i].fd, F_SETFD, FD_CLOEXEC);
	}
	t->handed_config.worker.net.listeners = settings;
	t->handed_config.worker.net.listener_count = count;
}

/* Those that the configuration has no use for any more. */
static void
release(struct master *m)
{
	struct takeover *t = &m->takeover;

	if (t->handed.config != NULL)
		generation_close_listeners(&t->handed, &m->now);
	t->handed = (struct generation){ .log_file = -1 };
	arena_free(&t->arena);
	if (t->old_program >= 0)
		close(t->old_program);
	t->old_program = -1;
	t->is_under_way = false;
}

/* So that limits hold for the workers of both programs together. One that
 * cannot be read is left to those who count in it. */
static void
adopt_connection_limits(struct master *m,
			const struct connection_limits_handle *h)
{
	if (h->fd < 0)
		return;
	m->connection_limits = connection_limits_adopt(h);
	if (m->connection_limits == NULL) {
		fcntl(h->fd, F_SETFD, FD_CLOEXEC);
		return;
	}
	m->connection_regions = h->regions;
	m->counted_connections = h->connections;
}

static int
adopt_shared(struct master *m, const struct handover *h)
{
	m->pid_file = h->pid_file;
	m->lines[0] = h->lines[0];
	m->lines[1] = h->lines[1];
	m->takeover.old_program = h->old_program;
	m->scoreboard_fd = h->scoreboard;
	m->scoreboard = scoreboard_adopt(h->scoreboard);
	/* Another layout: old workers count on where nobody looks, and the
	 * watchdog spares them. */
	if (m->scoreboard == NULL) {
		close(h->scoreboard);
		m->scoreboard = scoreboard_create(&m->scoreboard_fd);
	}
	m->backlogs = h->backlogs;
	if (!log_backlogs_fit(MASTER_BACKLOGS, h->backlogs)) {
		close(h->backlogs);
		m->backlogs = log_backlogs_open(MASTER_BACKLOGS);
	}
	adopt_connection_limits(m, &h->connection_limits);
	if (m->scoreboard == NULL || m->backlogs < 0)
		return -1;
	const int fds[] = { m->pid_file,      m->lines[0],
			    m->lines[1],      m->takeover.old_program,
			    m->scoreboard_fd, m->backlogs,
			    h->control };
	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		fcntl(fds[i], F_SETFD, FD_CLOEXEC);
	return 0;
}

static void
adopt_children(struct master *m, const struct handover *h)
{
	struct process_times times = startup_times(m->now.config);

	process_table_init(&m->processes, &times, clock_ms());
	for (size_t i = 0; i < h->child_count; i++) {
		const struct handed_child *c = &h->children[i];
		m->processes.entries[c->index] = c->entry;
		m->children[c->index] = (struct child){
			.channel = c->channel, .region = -1 };
		if (m->connection_limits != NULL &&
		    connection_limits_retake_region(m->connection_limits,
						    c->region)) {
			m->children[c->index].connection_limits =
				m->connection_limits;
			m->children[c->index].region = c->region;
		}
		fcntl(c->channel, F_SETFD, FD_CLOEXEC);
	}
}

static void
adopt_askers(struct master *m, const struct handover *h)
{
	control_socket_init(&m->control, h->control, h->is_control_roots);
	for (size_t i = 0; i < h->asker_count; i++) {
		m->control.askers[i] = (struct asker){
			.fd = h->askers[i].fd,
			.verb = h->askers[i].verb,
			.is_taken_up = h->askers[i].is_taken_up,
			.since_ms = clock_ms(),
		};
		fcntl(h->askers[i].fd, F_SETFD, FD_CLOEXEC);
	}
}

/* The old program is back: its workers serve on; places that became empty
 * meanwhile are filled again. */
static void
refill(struct master *m)
{
	for (size_t n = 1; n <= m->now.config->worker.workers; n++) {
		bool is_there = false;
		for (int i = 1; i < SCOREBOARD_SLOTS; i++) {
			const struct process *e = &m->processes.entries[i];
			if (e->role == SLOT_WORKER && process_is_wanted(e) &&
			    e->number == (int)n)
				is_there = true;
		}
		if (!is_there)
			children_add(m, SLOT_WORKER, (int)n, m->now.number);
	}
}

static void
come_back(struct master *m, const struct handover *h)
{
	log_error("upgrade failed: the old program is back",
		  LOG_STR("why", h->reason), LOG_STR("version", VERSION),
		  LOG_NUM("generation", m->now.number));
	control_socket_tell(&m->control, CONTROL_UPGRADE, h->reason);
	control_socket_answer(&m->control, CONTROL_UPGRADE, false,
			      "upgrade failed: the old program is back");
	notify_send("READY=1\nSTATUS=Upgrade failed, generation %u serves\n",
		    m->now.number);
	refill(m);
	release(m);
}

static void
come_new(struct master *m)
{
	log_info("upgrade: the new program takes over",
		 LOG_STR("version", VERSION),
		 LOG_NUM("generation", m->now.number));
	m->takeover.is_under_way = true;
	if (children_staff(m, &m->now) != 0)
		log_error("there is no room for another generation");
}

int
takeover_begin(struct master *m, struct config *config,
	       const struct handover *h, struct buf *why)
{
	umask(027);
	handover_forget();
	snprintf(m->program, sizeof(m->program), "%s", h->program);
	hold_listeners(m, h);
	adopt_spools(m, h);
	if (adopt_shared(m, h) != 0) {
		buf_printf(why, "cannot map what was handed over: %s\n",
			   strerror(errno));
		return -1;
	}
	if (limits_raise_files(config, why) != 0 ||
	    generation_open(&m->now, config, &m->takeover.handed, NULL, why) !=
		    0 ||
	    generation_load(&m->now, &m->spools, why) != 0)
		return -1;
	limits_core(config->dumps_core);
	adopt_askers(m, h);
	adopt_children(m, h);
	/* A new one where the configuration needs more than was handed. */
	if (startup_connection_limits(m, config) != 0)
		return -1;
	m->figures = h->figures;
	m->wants_reload = h->wants_reload;
	m->paused_until_ms = h->paused_until_ms;
	m->upgrade.is_wanted = h->wants_upgrade;
	m->is_ready = true;
	bool is_new = h->mode == HANDOVER_TAKEOVER;
	m->now.number = h->generation + (is_new ? 1 : 0);
	m->generations = h->generation + 1;
	master_init_log(m);
	if (is_new)
		come_new(m);
	else
		come_back(m, h);
	return 0;
}

/* ---- Until it serves ----------------------------------------------------- */

static bool
is_of_past(const struct master *m, const struct process *e)
{
	return e->generation != m->now.number;
}

static bool
is_of_now(const struct master *m, const struct process *e)
{
	return !is_of_past(m, e);
}

static void
commit(struct master *m)
{
	char text[128];

	children_take_all(m, PROCESS_DRAIN, is_of_past);
	release(m);
	m->figures.upgrades++;
	m->figures.generation = m->now.number;
	log_info("upgrade done", LOG_STR("version", VERSION),
		 LOG_NUM("generation", m->now.number));
	snprintf(text, sizeof(text), "upgraded: version %s, generation %u "
		 "serves", VERSION, m->now.number);
	control_socket_answer(&m->control, CONTROL_UPGRADE, true, text);
	notify_send("READY=1\nSTATUS=Version %s, generation %u serves\n",
		    VERSION, m->now.number);
}

static void
go_back(struct master *m)
{
	static const char why[] = "a worker of the new program did not "
				  "become ready: its own lines say why";

	children_take_all(m, PROCESS_QUIT, is_of_now);
	upgrade_exec(m, m->takeover.old_program, HANDOVER_RETURN, why);
	if (errno == EAGAIN)
		return;
	log_error("the old program cannot be executed: the new one stays",
		  LOG_STR("error", strerror(errno)));
	refill(m);
	release(m);
}

void
takeover_tick(struct master *m)
{
	if (!m->takeover.is_under_way)
		return;
	switch (children_judge(m, m->now.number)) {
	case CHILDREN_UP:
		commit(m);
		break;
	case CHILDREN_LOST:
		go_back(m);
		break;
	case CHILDREN_COMING:
		break;
	}
}
