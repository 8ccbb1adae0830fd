/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The new program finds sockets that listen, children that serve and people
 * who wait for an answer. It brings its own generation up beside the old
 * one, and only when that serves the old is told to drain. Its trial has
 * shown that it can; what fails all the same is tried again while the old
 * workers serve on. */
#include "supervisor/takeover.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/process.h"
#include "base/signals.h"
#include "supervisor/children.h"
#include "supervisor/notify.h"
#include "supervisor/worker_count.h"

#include <assert.h>
#include <errno.h>
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
	for (size_t i = 0; i < h->spools.count; i++)
		spool_adopt(&m->spools, h->spools.at[i].fd,
			    h->spools.at[i].dir);
}

/* Until the only child, i, is not in this state any more, or the time is
 * over. */
static void
await_change(struct master *m, int i, enum process_state from, int64_t ms)
{
	int64_t until_ms = clock_ms() + ms;

	assert(i > 0 && i < SCOREBOARD_SLOTS);
	while (m->processes.entries[i].state == from &&
	       clock_ms() < until_ms) {
		struct pollfd channel = { .fd = m->children[i].channel,
					  .events = POLLIN };
		if (poll(&channel, 1, TRIAL_TURN_MS) > 0 && channel.fd >= 0)
			children_hear(m, i);
		children_reap(m);
		children_tick(m);
	}
}

int
takeover_try(struct master *m, struct config *config,
	     const struct handover *h)
{
	struct buf why = BUF(4096);
	int code = EXIT_START;

	title_set("trial");
	handover_forget();
	handover_keep_open(h, false);
	m->lines[1] = h->lines[1];
	adopt_spools(m, h);
	m->scoreboard = scoreboard_create(&m->scoreboard_fd);
	m->backlogs = log_backlogs_open(MASTER_BACKLOGS);
	/* Without listeners: it must not take a client and then leave. */
	m->now = (struct generation){ .number = 1, .config = config,
				      .log_file = -1 };
	config->worker.net.listener_count = 0;
	config->worker.net.has_status = false;
	if (m->scoreboard != NULL && m->backlogs >= 0 &&
	    master_raise_files(config, &why) == 0 &&
	    generation_load(&m->now, &m->spools, &why) == 0 &&
	    master_make_connection_limits(m, config) == 0) {
		struct process_times times = master_times(config);
		process_table_init(&m->processes, &times, clock_ms());
		master_init_log(m);
		int i = children_add(m, SLOT_WORKER, 1, 1);
		children_tick(m);
		await_change(m, i, PROCESS_STARTING, TRIAL_MS);
		if (m->processes.entries[i].state == PROCESS_READY)
			code = EXIT_DONE;
		else
			buf_printf(&why, "no worker became ready\n");
		children_take(m, i, PROCESS_QUIT);
		await_change(m, i, PROCESS_QUITTING, TRIAL_LEAVE_MS);
	}
	fprintf(stderr, "%.*s", (int)why.len, why.len > 0 ? why.at : "");
	fflush(stderr);
	return code;
}

/* ---- Taking over --------------------------------------------------------- */

static int
adopt_shared(struct master *m, const struct handover *h)
{
	const struct connection_limits_handle *limits = &h->connection_limits;

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
	/* So that limits hold for the workers of both programs together. Those
	 * that cannot be read are left to who counts in them. */
	if (limits->fd >= 0)
		m->connection_limits = connection_limits_adopt(limits);
	if (m->connection_limits != NULL) {
		m->connection_regions = limits->regions;
		m->counted_connections = limits->connections;
	}
	return m->scoreboard != NULL && m->backlogs >= 0 ? 0 : -1;
}

int
takeover_adopt(struct master *m, const struct handover *h)
{
	struct takeover *t = &m->takeover;
	size_t count = h->listener_count;

	assert(h->asker_count <= CONTROL_ASKERS);
	umask(027);
	handover_forget();
	handover_keep_open(h, false);
	snprintf(m->program, sizeof(m->program), "%s", h->program);
	/* The sockets as a generation of nobody: they are found by name. */
	struct listen_settings *settings =
		arena_alloc(&t->arena, count * sizeof(*settings));
	t->handed = (struct generation){ .config = &t->handed_config,
					 .log_file = -1 };
	t->handed.listeners = memory_new(count, sizeof(int));
	for (size_t i = 0; i < count; i++) {
		settings[i].name = h->listeners[i].name;
		t->handed.listeners[i] = h->listeners[i].fd;
	}
	t->handed_config.worker.net.listeners = settings;
	t->handed_config.worker.net.listener_count = count;
	adopt_spools(m, h);
	if (adopt_shared(m, h) != 0)
		return -1;
	control_socket_init(&m->control, h->control, h->is_control_roots);
	for (size_t i = 0; i < h->asker_count; i++)
		m->control.askers[i] = (struct asker){
			.fd = h->askers[i].fd,
			.verb = h->askers[i].verb,
			.is_taken_up = h->askers[i].is_taken_up,
			.since_ms = clock_ms(),
		};
	m->figures = h->figures;
	m->wants_reload = h->wants_reload;
	m->paused_until_ms = h->paused_until_ms;
	m->upgrade.is_wanted = h->wants_upgrade;
	m->is_ready = true;
	return 0;
}

int
takeover_begin(struct master *m, struct config *config,
	       const struct handover *h, struct buf *why)
{
	bool is_open = master_raise_files(config, why) == 0 &&
		       generation_open(&m->now, config, &m->takeover.handed,
				       why) == 0;
	/* New limits where the configuration needs more than was handed. */
	bool is_loaded = is_open &&
			 generation_load(&m->now, &m->spools, why) == 0 &&
			 master_make_connection_limits(m, config) == 0;
	if (!is_open)
		config_free(&config);
	else if (!is_loaded)
		generation_close(&m->now, &m->takeover.handed);
	if (!is_loaded) {
		control_socket_answer(&m->control, CONTROL_UPGRADE, false,
				      "the new program runs but waits, and "
				      "the old workers serve on: its standard "
				      "error says what for");
		return -1;
	}
	master_allow_core(config->dumps_core);
	struct process_times times = master_times(config);
	process_table_init(&m->processes, &times, clock_ms());
	for (size_t i = 0; i < h->child_count; i++) {
		const struct handed_child *c = &h->children[i];
		struct child *adopted = &m->children[c->index];
		m->processes.entries[c->index] = c->entry;
		*adopted = NO_CHILD;
		adopted->channel = c->channel;
		if (m->connection_limits == NULL ||
		    !connection_limits_retake_region(m->connection_limits,
						     c->region))
			continue;
		adopted->connection_limits = m->connection_limits;
		adopted->region = c->region;
	}
	m->generations = m->now.number = h->generation + 1;
	master_init_log(m);
	log_info("upgrade: the new program takes over",
		 LOG_STR("version", VERSION),
		 LOG_NUM("generation", m->now.number));
	m->takeover.is_under_way = true;
	if (children_staff(m, &m->now) != 0)
		log_error("there is no room for another generation");
	return 0;
}

/* ---- Until it serves ----------------------------------------------------- */

static void
commit(struct master *m)
{
	struct takeover *t = &m->takeover;
	char text[128];

	children_drain_past(m);
	/* Those that the configuration has no use for any more. */
	if (t->handed.config != NULL)
		generation_close_listeners(&t->handed, &m->now);
	t->handed = (struct generation){ .log_file = -1 };
	arena_free(&t->arena);
	t->is_under_way = false;
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

void
takeover_tick(struct master *m)
{
	static const char delay[] =
		"a worker of the new program did not become ready: it is tried "
		"again, and the old ones serve on";

	if (!m->takeover.is_under_way)
		return;
	switch (children_judge(m, m->now.number)) {
	case CHILDREN_UP:
		commit(m);
		break;
	case CHILDREN_LOST:
		/* Said once; the process table goes on trying. */
		if (m->takeover.has_told)
			break;
		m->takeover.has_told = true;
		log_error("upgrade is not done yet", LOG_STR("why", delay));
		control_socket_answer(&m->control, CONTROL_UPGRADE, false,
				      delay);
		break;
	case CHILDREN_COMING:
		break;
	}
}
