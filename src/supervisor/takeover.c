/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The new program finds sockets that listen, children that serve and people
 * who wait for an answer. It brings its own generation up beside the old
 * one, and only when that serves the old is told to drain. Its trial has
 * shown that it can; what fails all the same is tried again while the old
 * workers serve on. */
#include "supervisor/takeover.h"

#include "base/clock.h"
#include "base/process.h"
#include "base/signals.h"
#include "supervisor/children.h"
#include "supervisor/limits.h"
#include "supervisor/notify.h"
#include "supervisor/startup.h"
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
	const int fds[] = { m->pid_file,      m->lines[0], m->lines[1],
			    m->scoreboard_fd, m->backlogs, h->control };
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
		m->children[c->index] = NO_CHILD;
		m->children[c->index].channel = c->channel;
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
takeover_adopt(struct master *m, const struct handover *h)
{
	umask(027);
	handover_forget();
	snprintf(m->program, sizeof(m->program), "%s", h->program);
	hold_listeners(m, h);
	adopt_spools(m, h);
	if (adopt_shared(m, h) != 0)
		return -1;
	adopt_askers(m, h);
	m->figures = h->figures;
	m->wants_reload = h->wants_reload;
	m->paused_until_ms = h->paused_until_ms;
	m->upgrade.is_wanted = h->wants_upgrade;
	m->is_ready = true;
	return 0;
}

static int
open_generation(struct master *m, struct config *config, struct buf *why)
{
	if (limits_raise_files(config, why) != 0 ||
	    generation_open(&m->now, config, &m->takeover.handed, why) != 0) {
		config_free(&config);
		return -1;
	}
	/* New limits where the configuration needs more than was handed. */
	if (generation_load(&m->now, &m->spools, why) == 0 &&
	    startup_connection_limits(m, config) == 0)
		return 0;
	generation_close(&m->now, &m->takeover.handed);
	return -1;
}

int
takeover_begin(struct master *m, struct config *config,
	       const struct handover *h, struct buf *why)
{
	if (open_generation(m, config, why) != 0) {
		control_socket_answer(&m->control, CONTROL_UPGRADE, false,
				      "the new program runs but waits, and "
				      "the old workers serve on: its standard "
				      "error says what for");
		return -1;
	}
	limits_core(config->dumps_core);
	adopt_children(m, h);
	m->generations = m->now.number = h->generation + 1;
	master_init_log(m);
	come_new(m);
	return 0;
}

/* ---- Until it serves ----------------------------------------------------- */

static bool
is_of_past(const struct master *m, const struct process *e)
{
	return e->generation != m->now.number;
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

/* Said once; the process table goes on trying. */
static void
tell_delay(struct master *m)
{
	static const char what[] = "a worker of the new program did not become "
				   "ready: it is tried again, and the old ones "
				   "serve on";

	if (m->takeover.has_told)
		return;
	m->takeover.has_told = true;
	log_error("upgrade is not done yet", LOG_STR("why", what));
	control_socket_answer(&m->control, CONTROL_UPGRADE, false, what);
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
		tell_delay(m);
		break;
	case CHILDREN_COMING:
		break;
	}
}
