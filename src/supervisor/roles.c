/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of roles. Nobody gets what another has: listeners are for
 * workers, the queue's reading end and the log's file for the logger, keys for
 * the signer. */
#include "supervisor/roles.h"

#include "janitor/janitor.h"
#include "logger/logger.h"
#include "resolver/resolver.h"
#include "signer/signer.h"
#include "status/status.h"
#include "worker/worker.h"

#include <string.h>

/* ---- Workers ------------------------------------------------------------- */

static int
run_worker(const struct master *m, struct generation *g,
	   const struct child_context *context)
{
	(void)m;
	worker_warm_up();
	return worker_run(&g->config->worker, context, g->listeners);
}

static size_t
keep_listeners(const struct master *m, const struct generation *g, int *fds)
{
	size_t n = 0;

	fds[n++] = m->lines[1];
	for (size_t i = 0; i < g->config->worker.net.listener_count; i++)
		fds[n++] = g->listeners[i];
	return n;
}

/* Not run_dir: what a worker writes there is mapped already, and it has no
 * business with the pid file and the control socket. */
static void
wall_store(const struct generation *g, struct sandbox_rules *rules)
{
	const struct store_settings *store = &g->config->worker.store;

	rules->writable[0] = store->spool_dir;
	/* How the database is reached: nothing else is. */
	rules->connects_locally = store->socket[0] != '\0';
	for (size_t i = 0; i < store->host_count; i++) {
		unsigned port = store->hosts[i].port;
		int k = 0;
		if (port == 0) {
			rules->connects_locally = true;
			continue;
		}
		while (k < SANDBOX_PORTS && rules->ports[k] != 0 &&
		       rules->ports[k] != port)
			k++;
		if (k < SANDBOX_PORTS)
			rules->ports[k] = port;
		else
			rules->has_more_ports = true;
	}
	if (store->tls_ca[0] == '/')
		rules->readable[0] = store->tls_ca;
}

/* ---- Helpers ------------------------------------------------------------- */

static int
run_janitor(const struct master *m, struct generation *g,
	    const struct child_context *context)
{
	(void)m;
	return janitor_run(&g->config->worker.store, context);
}

static void
wall_janitor(const struct generation *g, struct sandbox_rules *rules)
{
	wall_store(g, rules);
	for (size_t i = 0; i < STORE_EARLIER_SPOOLS; i++)
		rules->writable[1 + i] =
			g->config->worker.store.earlier_spools[i];
}

static int
run_logger(const struct master *m, struct generation *g,
	   const struct child_context *context)
{
	const struct logger_duty duty = {
		.settings = &g->config->log,
		.lines = m->lines[0],
		.file = g->log_file,
	};

	return logger_run(&duty, context);
}

static size_t
keep_log(const struct master *m, const struct generation *g, int *fds)
{
	fds[0] = m->lines[0];
	fds[1] = g->log_file;
	return 2;
}

static void
wall_logger(const struct generation *g, struct sandbox_rules *rules)
{
	if (g->log_dir[0] != '\0')
		rules->writable[0] = g->log_dir;
	rules->connects_locally = strcmp(g->config->log.target, "syslog") == 0;
}

static int
run_signer(const struct master *m, struct generation *g,
	   const struct child_context *context)
{
	const struct signer_duty duty = {
		.settings = &g->config->worker.net,
		.keys = g->keys,
		.tickets = m->tickets,
	};

	return signer_run(&duty, context);
}

static size_t
keep_keys(const struct master *m, const struct generation *g, int *fds)
{
	fds[0] = m->lines[1];
	fds[1] = g->keys;
	fds[2] = m->tickets;
	return 3;
}

static bool
has_keys(const struct generation *g)
{
	return g->tls != NULL;
}

static int
run_resolver(const struct master *m, struct generation *g,
	     const struct child_context *context)
{
	(void)m;
	return resolver_run(&g->config->worker.store, g->host_names, context);
}

static bool
has_names(const struct generation *g)
{
	return g->host_names != NULL;
}

static int
status_listener(const struct generation *g)
{
	return g->listeners[g->config->worker.net.listener_count];
}

static int
run_status(const struct master *m, struct generation *g,
	   const struct child_context *context)
{
	const struct config *c = g->config;
	const struct store_settings *store = &c->worker.store;
	const struct status_duty duty = {
		.listener = status_listener(g),
		.hostname = c->worker.smtp.hostname,
		.watchdog_ms = c->watchdog_ms,
		.spool_max = store->on_outage == STORE_OUTAGE_SPOOL ?
				     store->spool_max : 0,
		.store = store,
		.memory = c->worker.memory,
		.connections = c->worker.connections,
		.workers = c->worker.workers,
	};

	(void)m;
	return status_run(&duty, context);
}

static size_t
keep_status(const struct master *m, const struct generation *g, int *fds)
{
	fds[0] = m->lines[1];
	fds[1] = status_listener(g);
	return 2;
}

static bool
has_status(const struct generation *g)
{
	return g->config->worker.net.has_status;
}

/* ---- The table ----------------------------------------------------------- */

static const struct role roles[SLOT_ROLES] = {
	[SLOT_MASTER] = { .name = "master" },
	[SLOT_WORKER] = { .name = "worker",
			  .rights = SANDBOX_THREADS | SANDBOX_STORES |
				    SANDBOX_SERVES,
			  .run = run_worker,
			  .keep = keep_listeners,
			  .wall = wall_store,
			  .is_first = true },
	/* Two loggers at once would mix their lines for a moment only; two
	 * janitors would want the same spool. */
	[SLOT_LOGGER] = { .name = "logger",
			  .rights = SANDBOX_LOGS,
			  .run = run_logger,
			  .keep = keep_log,
			  .wall = wall_logger,
			  .is_helper = true,
			  .is_first = true,
			  .is_last = true },
	[SLOT_JANITOR] = { .name = "janitor",
			   .rights = SANDBOX_STORES,
			   .run = run_janitor,
			   .wall = wall_janitor,
			   .is_helper = true,
			   .is_alone = true },
	[SLOT_SIGNER] = { .name = "signer",
			  .rights = SANDBOX_THREADS | SANDBOX_SIGNS,
			  .run = run_signer,
			  .keep = keep_keys,
			  .is_wanted = has_keys,
			  .is_helper = true,
			  .is_first = true },
	[SLOT_RESOLVER] = { .name = "resolver",
			    .rights = SANDBOX_THREADS | SANDBOX_RESOLVES,
			    .run = run_resolver,
			    .is_wanted = has_names,
			    .is_helper = true,
			    .is_first = true },
	/* A balancer hears of the stop from it. */
	[SLOT_STATUS] = { .name = "status",
			  .rights = SANDBOX_REPORTS,
			  .run = run_status,
			  .keep = keep_status,
			  .is_wanted = has_status,
			  .is_helper = true,
			  .is_last = true },
};

enum { OWN_DESCRIPTORS = 4 };

const struct role *
role_of(enum slot_role slot)
{
	return (unsigned)slot < SLOT_ROLES && roles[slot].run != NULL
		       ? &roles[slot] : NULL;
}

const char *
role_name(enum slot_role slot)
{
	return (unsigned)slot < SLOT_ROLES && roles[slot].name != NULL
		       ? roles[slot].name : "unknown";
}

bool
role_is_helper_of(const struct generation *g, enum slot_role slot)
{
	const struct role *role = role_of(slot);

	return role != NULL && role->is_helper &&
	       (role->is_wanted == NULL || role->is_wanted(g));
}

size_t
role_most_descriptors(const struct generation *g)
{
	return net_listener_sum(&g->config->worker.net) + OWN_DESCRIPTORS;
}
