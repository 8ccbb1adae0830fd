/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A generation's resources. A listener with the same name in both is one
 * socket in both, so that a reload never stops listening. */
#include "supervisor/generation.h"

#include "base/memory.h"
#include "base/shared_memory.h"
#include "logger/logger.h"
#include "net/listen.h"
#include "store/spool_folder.h"
#include "supervisor/proof.h"
#include "supervisor/roles.h"
#include "supervisor/root_open.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const struct net_settings *
net_of(const struct generation *g)
{
	return &g->config->worker.net;
}

/* The socket of this name in a generation, or -1. */
static int
find_listener(const struct generation *g, const char *text)
{
	struct listen_name wanted, name;
	const char *fault;

	if (g == NULL || g->config == NULL || g->listeners == NULL ||
	    !listen_parse(view_of(text), &wanted, &fault))
		return -1;
	for (size_t i = 0; i < net_listener_sum(net_of(g)); i++)
		if (listen_parse(view_of(net_of(g)->listeners[i].name), &name,
				 &fault) &&
		    listen_is_same(&name, &wanted))
			return g->listeners[i];
	return -1;
}

void
generation_close_listeners(struct generation *g,
			   const struct generation *other)
{
	struct listen_name name;
	const char *fault;

	if (g->listeners == NULL)
		return;
	for (size_t i = 0; i < net_listener_sum(net_of(g)); i++) {
		const struct listen_settings *s = &net_of(g)->listeners[i];
		if (g->listeners[i] < 0 || find_listener(other, s->name) >= 0)
			continue;
		/* Root leaves a file in a folder that is not its own: the next
		 * start replaces one behind which nobody listens. */
		if (listen_parse(view_of(s->name), &name, &fault) &&
		    name.kind == LISTEN_UNIX &&
		    (geteuid() != 0 || root_owns_folder_of(name.rest.at)))
			listen_remove_file(s);
		close(g->listeners[i]);
	}
	free(g->listeners);
	g->listeners = NULL;
}

int
generation_open(struct generation *g, struct config *config,
		const struct generation *older, struct buf *why)
{
	const struct account *account = g->opens_for;
	size_t count = net_listener_sum(&config->worker.net);
	bool is_open = true;
	char reason[1024];

	*g = (struct generation){ .config = config, .log_file = -1 };
	g->listeners = memory_new(count, sizeof(*g->listeners));
	for (size_t i = 0; i < count; i++)
		g->listeners[i] = -1;
	for (size_t i = 0; i < count && is_open; i++) {
		const struct listen_settings *s = &net_of(g)->listeners[i];
		g->listeners[i] = find_listener(older, s->name);
		if (g->listeners[i] < 0)
			g->listeners[i] = root_open_listener(
				s, account, reason, sizeof(reason));
		is_open = g->listeners[i] >= 0;
	}
	if (is_open) {
		g->log_file = root_open_log(&config->log, account, reason,
					    sizeof(reason));
		if (g->log_file != -1)
			return 0;
	}
	buf_printf(why, "%s\n", reason);
	generation_close_listeners(g, older);
	*g = (struct generation){ .log_file = -1 };
	return -1;
}

static void
make_sandbox_rules(struct generation *g)
{
	const char *target = g->config->log.target;
	const char *slash = strrchr(target, '/');

	/* Which directory a log file is opened again in. */
	g->log_dir[0] = '\0';
	size_t len = slash != NULL && slash > target
		? (size_t)(slash - target) : 1;
	if (target[0] == '/' && len < sizeof(g->log_dir))
		snprintf(g->log_dir, sizeof(g->log_dir), "%.*s", (int)len,
			 target);
	for (int slot = SLOT_UNUSED; slot < SLOT_ROLES; slot++) {
		const struct role *role = role_of((enum slot_role)slot);
		g->sandbox_rules[slot] = (struct sandbox_rules){
			.mode = g->config->sandbox,
			.role = role_name((enum slot_role)slot),
			.rights = role != NULL ? role->rights : 0,
		};
		if (role != NULL && role->wall != NULL)
			role->wall(g, &g->sandbox_rules[slot]);
	}
}

/* At a start, a reload and an upgrade alike: the claim is the master's. */
static int
claim_spool(struct config *config, struct spool_claims *claims,
	    struct buf *why)
{
	struct store_settings *store = &config->worker.store;
	bool is_needed = store->on_outage == STORE_OUTAGE_SPOOL;

	if ((is_needed || spool_holds_mail(store->spool_dir)) &&
	    spool_claim(claims, store->spool_dir) != 0 && is_needed) {
		buf_printf(why, "store.spool_dir %s: %s\n", store->spool_dir,
			   errno == EWOULDBLOCK ? "another instance uses it" :
			   errno == EMFILE ? "mail still waits in too many "
			   "earlier ones" : strerror(errno));
		return -1;
	}
	spool_claim_earlier(claims, store->spool_dir);
	store->is_spool_ours = spool_is_ours(claims, store->spool_dir);
	/* Mail of an earlier configuration may be in a folder that nothing is
	 * spooled into any more. */
	size_t n = 0;
	for (size_t i = 0; i < claims->count && n < STORE_EARLIER_SPOOLS; i++)
		if (strcmp(claims->at[i].dir, store->spool_dir) != 0)
			store->earlier_spools[n++] = arena_copy(
				&config->arena, view_of(claims->at[i].dir)).at;
	return 0;
}

void
generation_keep_spools(const struct generation *g,
		       struct spool_claims *claims)
{
	const struct store_settings *store = &g->config->worker.store;

	for (size_t i = claims->count; i-- > 0;) {
		const char *dir = claims->at[i].dir;
		bool is_kept = strcmp(dir, store->spool_dir) == 0;
		for (size_t k = 0; store->earlier_spools[k] != NULL; k++)
			is_kept |= strcmp(dir, store->earlier_spools[k]) == 0;
		if (!is_kept)
			spool_release(claims, dir);
	}
}

int
generation_load(struct generation *g, struct spool_claims *claims,
		struct buf *why)
{
	const struct store_settings *store = &g->config->worker.store;
	size_t size = host_names_size(store->host_count);
	char reason[512];

	assert(g->tls == NULL && g->host_names == NULL);
	if (claim_spool(g->config, claims, why) != 0)
		return -1;
	make_sandbox_rules(g);
	if (host_names_are_wanted(store)) {
		g->names = shared_memory_open("host-names", size);
		if (g->names >= 0)
			g->host_names = shared_memory_map(
				g->names, size, PROT_READ | PROT_WRITE);
		if (g->host_names == NULL) {
			buf_printf(why, "memory for the hosts' addresses: "
				   "%s\n", strerror(errno));
			return -1;
		}
	}
	if (proof_of_sandboxes(g, why) != 0)
		return -1;
	if (net_of(g)->certificate_count == 0)
		return 0;
	g->tls = tls_context_new(net_of(g), reason, sizeof(reason));
	g->keys = memfd_create("keys", MFD_CLOEXEC);
	if (g->tls != NULL)
		return 0;
	buf_printf(why, "%s\n", reason);
	return -1;
}

void
generation_close(struct generation *g, const struct generation *other)
{
	if (g->config == NULL)
		return;
	generation_close_listeners(g, other);
	if (g->log_file >= 0)
		close(g->log_file);
	if (g->keys > 0)
		close(g->keys);
	if (g->host_names != NULL)
		munmap(g->host_names, host_names_size(
			g->config->worker.store.host_count));
	if (g->names > 0)
		close(g->names);
	tls_context_free(&g->tls);
	config_free(&g->config);
	*g = (struct generation){ .log_file = -1 };
}
