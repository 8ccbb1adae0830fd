/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A reload never takes anything away before its successor is there: the
 * configuration is read whole, sockets are bound, certificates loaded, the
 * new workers say that they serve; only then are the old ones told to
 * drain. Any fault before that leaves all as it was. */
#include "supervisor/reload.h"

#include "base/clock.h"
#include "supervisor/children.h"
#include "supervisor/notify.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	PAUSE_MS = 500,                 /* a storm of HUPs is two a second */
	FAULTS_SIZE = 65536
};

static void
refuse(struct master *m, struct view faults)
{
	char line[1024];

	generation_close(&m->next, &m->now);
	while (faults.len > 0) {
		struct view fault = view_take_line(&faults);
		log_error("reload refused", LOG_VIEW("fault", fault));
		snprintf(line, sizeof(line), "%.*s", (int)fault.len, fault.at);
		control_socket_tell(&m->control, CONTROL_RELOAD, line);
	}
	generation_keep_spools(&m->now, &m->spools);
	m->figures.reloads_failed++;
	control_socket_answer(
		&m->control, CONTROL_RELOAD, false,
		"reload refused: the old configuration stays in force");
	notify_send("READY=1\nSTATUS=Reload refused, generation %u serves\n",
		    m->now.number);
}

static int
prepare(struct master *m, struct buf *faults)
{
	struct config *c = config_read(&m->options.source, faults);

	if (c == NULL)
		return -1;
	if (!config_is_same_process(m->now.config, c, faults) ||
	    master_raise_files(c, faults) != 0 ||
	    generation_open(&m->next, c, &m->now, faults) != 0) {
		config_free(&c);
		return -1;
	}
	m->next.number = m->generations + 1;
	if (generation_load(&m->next, &m->spools, faults) != 0)
		return -1;
	if (master_make_connection_limits(m, c) == 0 &&
	    children_staff(m, &m->next) == 0)
		return 0;
	buf_printf(faults, "no room for another generation: %s\n",
		   strerror(errno));
	return -1;
}

static void
begin(struct master *m)
{
	struct buf faults = BUF(FAULTS_SIZE);

	assert(m->next.config == NULL);
	m->wants_reload = false;
	m->reload_began_ms = clock_ms();
	control_socket_take_up(&m->control, CONTROL_RELOAD);
	notify_reloading();
	log_info("reload begins",
		 LOG_STR("file", m->options.source.file));
	if (prepare(m, &faults) == 0)
		m->generations = m->next.number;
	else
		refuse(m, buf_view(&faults));
	buf_release(&faults);
}

/* The old generation stays in force. */
static void
give_up(struct master *m, const char *why)
{
	if (m->next.config == NULL)
		return;
	children_quit_generation(m, m->next.number);
	refuse(m, view_of(why));
}

void
reload_cancel(struct master *m, const char *why)
{
	give_up(m, why);
	m->wants_reload = false;
	control_socket_take_up(&m->control, CONTROL_RELOAD);
	control_socket_answer(&m->control, CONTROL_RELOAD, false, why);
}

static void
commit(struct master *m)
{
	struct generation old = m->now;
	char text[128];

	assert(m->next.config != NULL && m->next.number > old.number);
	m->now = m->next;
	m->next = (struct generation){ .log_file = -1 };
	m->processes.times = master_times(m->now.config);
	children_drain_past(m);
	generation_close(&old, &m->now);
	master_allow_core(m->now.config->dumps_core);
	master_init_log(m);
	m->figures.reloads++;
	m->figures.generation = m->now.number;
	config_log_warnings(m->now.config);
	int64_t took_ms = clock_ms() - m->reload_began_ms;
	log_info("reload done", LOG_NUM("generation", m->now.number),
		 LOG_NUM("workers", m->now.config->worker.workers),
		 LOG_NUM("ms", took_ms));
	snprintf(text, sizeof(text), "reloaded: generation %u serves with "
		 "%zu workers after %" PRId64 " ms", m->now.number,
		 m->now.config->worker.workers, took_ms);
	control_socket_answer(&m->control, CONTROL_RELOAD, true, text);
	notify_send("READY=1\nSTATUS=Generation %u serves\n", m->now.number);
}

int64_t
reload_next_ms(const struct master *m)
{
	/* One thing at a time. */
	bool is_blocked = m->next.config != NULL || m->upgrade.trial != 0 ||
			  m->upgrade.is_proven || m->takeover.is_under_way;

	return m->wants_reload && !is_blocked ? m->reload_began_ms + PAUSE_MS
					      : PROCESS_NEVER;
}

void
reload_tick(struct master *m)
{
	if (m->next.config == NULL) {
		if (clock_ms() >= reload_next_ms(m))
			begin(m);
		return;
	}
	switch (children_judge(m, m->next.number)) {
	case CHILDREN_UP:
		commit(m);
		break;
	case CHILDREN_LOST:
		give_up(m, "a process of the new generation did not become "
			"ready: its own lines say why");
		break;
	case CHILDREN_COMING:
		break;
	}
}
