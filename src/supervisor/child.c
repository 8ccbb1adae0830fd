/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between fork and work: signals, title, log, descriptors, rights. */
#include "supervisor/child.h"

#include "base/memory.h"
#include "base/pass_descriptor.h"
#include "base/process.h"
#include "base/shared_memory.h"
#include "base/signals.h"
#include "logger/logger.h"
#include "supervisor/crash_trace.h"
#include "supervisor/privileges.h"
#include "supervisor/readiness.h"
#include "supervisor/roles.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	MOST_DESCRIPTORS = 65536,
	NAMES_WAIT_MS = 5000            /* longer than one lost packet */
};

struct generation *
child_generation(struct master *m, const struct process *e)
{
	bool is_next = m->next.config != NULL &&
		       m->next.number == e->generation;

	return is_next ? &m->next : &m->now;
}

void
child_ends_close(const struct child_ends *ends)
{
	if (ends->channel >= 0)
		close(ends->channel);
	if (ends->questions >= 0)
		close(ends->questions);
}

int
child_ends_make(struct master *m, int i, struct child_ends *ours,
		struct child_ends *own)
{
	const struct process *e = &m->processes.entries[i];
	int pair[2];

	*ours = *own = (struct child_ends){ -1, -1 };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	ours->channel = pair[0];
	own->channel = pair[1];
	if (e->role != SLOT_WORKER || child_generation(m, e)->tls == NULL)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	ours->questions = pair[0];
	own->questions = pair[1];
	return 0;
}

/* A signer answers the workers of its generation. */
static void
hand_to_signer(struct master *m, int signer, int worker)
{
	static const char word = CHILD_CLIENT;
	const struct process *s = &m->processes.entries[signer];
	const struct process *w = &m->processes.entries[worker];

	if (s->role != SLOT_SIGNER || s->generation != w->generation ||
	    m->children[signer].channel < 0 ||
	    m->children[worker].questions < 0 ||
	    pass_descriptor(m->children[signer].channel, &word, 1,
			    m->children[worker].questions) == 1)
		return;
	log_warn("the signer does not hear of a worker",
		 LOG_NUM("child", w->pid), LOG_STR("error", strerror(errno)));
}

void
child_introduce(struct master *m, int i)
{
	for (int k = 1; k < SCOREBOARD_SLOTS; k++) {
		hand_to_signer(m, i, k);
		hand_to_signer(m, k, i);
	}
}

/* Ascending. */
static int
by_number(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

static void
close_from_to(unsigned first, unsigned last)
{
	/* The filter of a container may be older than this call. */
	if (close_range(first, last, 0) == 0)
		return;
	for (unsigned fd = first; fd <= last && fd < MOST_DESCRIPTORS; fd++)
		close((int)fd);
}

/* Closes every descriptor above 2 that its role does not keep, so that nothing
 * of another child can leak into this one, whoever opened it. */
static void
close_others(const struct master *m, const struct role *role,
	     const struct generation *g, const struct child_ends *own)
{
	int *keep = memory_new(role_most_descriptors(g), sizeof(*keep));
	unsigned next = STDERR_FILENO + 1;
	size_t count = 0;

	keep[count++] = own->channel;
	if (own->questions >= 0)
		keep[count++] = own->questions;
	if (role->keep != NULL)
		count += role->keep(m, g, keep + count);
	else
		keep[count++] = m->lines[1];
	assert(count <= role_most_descriptors(g));
	qsort(keep, count, sizeof(*keep), by_number);
	for (size_t i = 0; i < count; i++) {
		if (keep[i] < (int)next)
			continue;
		if ((unsigned)keep[i] > next)
			close_from_to(next, (unsigned)keep[i] - 1);
		next = (unsigned)keep[i] + 1;
	}
	close_from_to(next, UINT_MAX);
	free(keep);
}

/* Of what all share each writes its own part and no more: the descriptors
 * are closed after this. -1 with errno. */
static int
map_own(struct master *m, int i, const struct generation *g,
	struct child_context *context)
{
	enum slot_role role = m->processes.entries[i].role;
	unsigned rights = role_of(role)->rights;
	const struct child *c = &m->children[i];
	size_t size = host_names_size(g->config->worker.store.host_count);

	if (scoreboard_remap(m->scoreboard, m->scoreboard_fd, (size_t)i) != 0)
		return -1;
	context->slot = scoreboard_slot_at(m->scoreboard, (size_t)i);
	if (role == SLOT_WORKER &&
	    connection_limits_remap(c->connection_limits,
				    (unsigned)c->region) != 0)
		return -1;
	/* Who connects reads where the hosts are, and one process writes it. */
	const struct shared_part hosts = {
		0, (rights & SANDBOX_RESOLVES) != 0 ? size : 0
	};
	if (g->host_names != NULL &&
	    (rights & (SANDBOX_RESOLVES | SANDBOX_STORES)) != 0 &&
	    shared_memory_remap(g->host_names, size, g->names, &hosts) != 0)
		return -1;
	if (role != SLOT_LOGGER)
		return 0;
	context->backlog = log_backlog_map(m->backlogs,
					   g->number % MASTER_BACKLOGS);
	return context->backlog != NULL ? 0 : -1;
}

/* Its name in the title and in the log. */
static void
introduce(const struct master *m, const struct process *e,
	  const struct generation *g, struct scoreboard_slot *slot)
{
	struct log_client client = {
		.fd = e->role != SLOT_LOGGER ? m->lines[1] : -1,
		.format = g->config->log.format,
		.level = g->config->log.level,
		.slot = slot,
		.is_echo = e->number > 1,
	};
	char number[16] = "";

	if (e->number > 0)
		snprintf(number, sizeof(number), " %d", e->number);
	snprintf(client.name, sizeof(client.name), "%s%s", role_name(e->role),
		 number);
	title_set("%s", client.name);
	log_init(&client);
}

void
child_live(struct master *m, int i, const struct child_ends *own)
{
	const struct process *e = &m->processes.entries[i];
	const struct role *role = role_of(e->role);
	struct generation *g = child_generation(m, e);
	struct child_context context = {
		.number = e->number,
		.generation = e->generation,
		.channel = own->channel,
		.is_paused = m->paused_until_ms != 0,
		.scoreboard = m->scoreboard,
		.connection_limits = m->children[i].connection_limits,
		.connection_region = (unsigned)m->children[i].region,
		.tls = g->tls,
		.sandbox = &g->sandbox_rules[e->role],
	};

	/* One that a newer program knew may have been handed over. */
	if (role == NULL)
		_exit(EXIT_FAILURE);
	signals_for_child();
	if (m->options.source.is_daemon)
		background_release();
	int mapped = map_own(m, i, g, &context);
	introduce(m, e, g, context.slot);
	if (mapped != 0) {
		log_error("shared memory cannot be mapped",
			  LOG_STR("error", strerror(errno)));
		_exit(EXIT_FAILURE);
	}
	close_others(m, role, g, own);
	if (own->questions >= 0)
		tls_context_use_signer(g->tls, own->questions);
	master_allow_core(g->config->dumps_core);
	if ((role->rights & SANDBOX_STORES) != 0)
		master_limit_file_size(g->config->worker.store.spool_max);
	privileges_drop_bind();
	crash_trace_prepare();
	if (g->host_names != NULL && (role->rights & SANDBOX_STORES) != 0)
		host_names_use(g->host_names, &g->config->worker.store,
			       NAMES_WAIT_MS);
	/* The password is for those who speak to the database; what another
	 * generation has is for nobody. */
	struct generation *const both[] = { &m->now, &m->next };
	for (size_t k = 0; k < 2; k++)
		if (both[k]->config != NULL && e->role != SLOT_WORKER &&
		    e->role != SLOT_JANITOR)
			config_wipe_secrets(both[k]->config);
	/* Not exit(): what the master registered or buffered is its own. */
	_exit(role->run(m, g, &context));
}
