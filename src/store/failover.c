/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one connection that a process keeps. The program walks its own list of
 * hosts: the client library would only do so for a refused connect. */
#include "store/failover.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "store/catalog.h"
#include "store/outcome.h"
#include "store/server.h"
#include "store/size_limits.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOOK_PAUSE_MS = 5 * 1000, PROBE_PAUSE_MS = 10,
       NODE_IS_DONOR = 1047 };

void
failover_init(struct failover *l, const struct store_settings *settings,
	      struct scoreboard_slot *slot)
{
	*l = (struct failover){ .settings = settings, .slot = slot };
	l->table.name = settings->table;
	l->raw_table.is_raw = true;
	if (settings->raw_table[0] != '\0')
		l->raw_table.name = settings->raw_table;
	l->insert = insert_new(settings);
	l->probe = PROBE_NONE;
	l->by_host = memory_new(settings->host_count, sizeof(*l->by_host));
	l->size_limits = size_limits_load(settings);
	uint64_t seed = (uint64_t)clock_us() * 0x9e3779b97f4a7c15u;
	hosts_init(&l->hosts, settings, seed ^ (uint64_t)getpid() << 32);
	slot_gauge(slot, GAUGE_MAX_MESSAGE_BYTES,
		   l->size_limits.max_message_bytes);
}

void
failover_deinit(struct failover *l)
{
	probe_stop(&l->probe);
	connection_close(&l->connection, false);
	insert_free(&l->insert);
	hosts_deinit(&l->hosts);
	free(l->by_host);
	while (l->maps != NULL) {
		struct charset_map *map = l->maps;
		l->maps = map->next;
		free(map);
	}
}

/* SIZE is told before a message's host is known: the smallest counts. */
static void
take_bounds(struct failover *l, const struct connection *c)
{
	struct store_size_limits now = { .max_message_bytes = SIZE_MAX,
					 .max_address_chars = SIZE_MAX,
					 .has_utf8_addresses = true,
					 .is_known = true };
	size_t before = l->size_limits.max_message_bytes;
	bool was_known = l->size_limits.is_known;
	const struct table *holds_raw = l->raw_table.name != NULL ?
					&l->raw_table : &l->table;

	l->by_host[c->host] =
		size_limits_of_table(l->settings, &c->server, &l->table,
				     holds_raw);
	for (size_t i = 0; i < l->settings->host_count; i++) {
		const struct store_size_limits *b = &l->by_host[i];
		if (!b->is_known)
			continue;
		if (b->max_message_bytes < now.max_message_bytes)
			now.max_message_bytes = b->max_message_bytes;
		if (b->max_address_chars < now.max_address_chars)
			now.max_address_chars = b->max_address_chars;
		now.has_utf8_addresses &= b->has_utf8_addresses;
	}
	if (was_known && now.max_message_bytes == before &&
	    now.max_address_chars == l->size_limits.max_address_chars &&
	    now.has_utf8_addresses == l->size_limits.has_utf8_addresses)
		return;
	l->size_limits = now;
	slot_gauge(l->slot, GAUGE_MAX_MESSAGE_BYTES, now.max_message_bytes);
	size_limits_keep(l->settings, &now);
	if (was_known && before == now.max_message_bytes)
		return;
	struct size_limit limit =
		size_limits_of_message(l->settings, &c->server, holds_raw);
	log_info_once("largest message",
		 LOG_NUM("bytes", now.max_message_bytes),
		 LOG_STR("decided_by", limit.name),
		 LOG_STR("to_raise", limit.remedy));
}

/* Reads one table through c and proves that rows may be inserted. */
static bool
learn(struct failover *l, struct connection *c, struct table *t)
{
	if (!catalog_read(c, t))
		return false;
	if (t->count == 0)
		fault_set(&t->fault, t->fault.error, "there is no "
			  "table %s.%s, or no right to see it",
			  l->settings->database, t->name);
	if (t->fault.error != 0) {
		c->fault = t->fault;
		c->fault.table = t->name;
		return false;
	}
	if (catalog_map_charsets(c, t, &l->maps) &&
	    insert_prove(l->insert, c, t) == 0)
		return true;
	c->fault.table = t->name;
	return false;
}

static bool
learn_tables(struct failover *l, struct connection *c)
{
	bool has_raw_table = l->raw_table.name != NULL;

	insert_forget(l->insert);
	if (!learn(l, c, &l->table) ||
	    (has_raw_table && !learn(l, c, &l->raw_table)))
		return false;
	take_bounds(l, c);
	l->read_ms = clock_ms();
	if (!l->has_warned)
		table_warn(&l->table);
	if (!l->has_warned && has_raw_table)
		table_warn(&l->raw_table);
	l->has_warned = true;
	return true;
}

static void
set_up(struct failover *l, bool is_up)
{
	slot_gauge(l->slot, GAUGE_STORE_UP, is_up);
	if (l->was_up == is_up)
		return;
	l->was_up = is_up;
	if (!is_up)
		log_warn_once("database is away",
			 LOG_NUM("error", l->fault.error),
			 LOG_STR("text", l->fault.text));
	else
		log_info_once("database is there",
			 LOG_VIEW("host", host_name(l->settings,
						    l->connection->host)),
			 LOG_STR("version", l->connection->server.version));
}

/* It has failed, by l->fault, and is left for a while. */
static void
leave_host(struct failover *l, size_t host)
{
	host_report(&l->hosts, host, l->slot, &l->fault);
	hosts_failed(&l->hosts, host, clock_ms());
	/* The last one stands for all that have no place of their own. */
	slot_count_in(l->slot, SERIES_HOST_FAILURES,
		      host < SERIES_HOSTS ? host : SERIES_HOSTS);
}

bool
failover_connect_to(struct failover *l, size_t host, bool avoids_donors)
{
	struct store_fault fault = { 0 };

	assert(host < l->hosts.count);
	slot_enter_database(l->slot);
	struct connection *c = connection_open(l->settings, host, &fault);
	bool is_ready = c != NULL && server_read(c) && server_is_writable(c);
	/* A node that gives its state to another is slow, or stands still. */
	if (is_ready && c->server.is_donor && avoids_donors) {
		fault_set(&c->fault, NODE_IS_DONOR,
			  "the node is a donor or desynced");
		l->donor = host;
		is_ready = false;
	}
	is_ready = is_ready && learn_tables(l, c);
	if (c != NULL && !is_ready)
		fault = c->fault;
	slot_leave_database(l->slot);
	if (!is_ready) {
		connection_close(&c, true);
		l->fault = fault;
		leave_host(l, host);
		return false;
	}
	int64_t now = clock_ms();
	/* The host's pause stays as long as it is until something has been
	 * committed there. */
	connection_close(&l->connection, false);
	l->connection = c;
	l->renew_ms = now + hosts_jitter(&l->hosts, l->settings->max_age_ms);
	l->look_ms = now + LOOK_PAUSE_MS;
	slot_count(l->slot, COUNT_RECONNECTS, 1);
	slot_set_host(l->slot, host_name(l->settings, c->host));
	set_up(l, true);
	return true;
}

static bool
find_host(struct failover *l, int64_t deadline_ms)
{
	l->donor = SIZE_MAX;
	for (size_t k = 0; k < l->hosts.count; k++) {
		size_t host = hosts_order(&l->hosts, k);
		int64_t now = clock_ms();
		if (now >= deadline_ms)
			break;
		if (!hosts_is_due(&l->hosts, host, now))
			continue;
		if (failover_connect_to(l, host, l->hosts.count > 1))
			return true;
	}
	/* Better than none. */
	if (l->donor != SIZE_MAX && failover_connect_to(l, l->donor, false))
		return true;
	set_up(l, false);
	return false;
}

/* Moves to a new connection, of this host or another, while the old one still
 * serves. Table and statements belong to the connection: where the new one
 * cannot be had, they are learned anew. */
static void
move(struct failover *l, size_t host)
{
	struct connection *old = l->connection;

	assert(old != NULL);
	l->connection = NULL;
	insert_forget(l->insert);
	if (failover_connect_to(l, host, host != old->host)) {
		connection_close(&old, false);
		return;
	}
	l->connection = old;
	l->renew_ms = clock_ms() + LOOK_PAUSE_MS;
	l->look_ms = l->renew_ms;
	if (!learn_tables(l, old))
		failover_drop(l, false);
}

/* The first host in the order that may be tried; ours where there is none,
 * or is_better and there is none before it. */
static size_t
other_host(const struct failover *l, bool is_better)
{
	size_t ours = l->connection->host;

	assert(ours < l->hosts.count);
	for (size_t k = 0; k < l->hosts.count; k++) {
		size_t host = hosts_order(&l->hosts, k);
		if (host == ours && is_better)
			break;
		if (host != ours && hosts_is_due(&l->hosts, host, clock_ms()))
			return host;
	}
	return ours;
}

/* What a Galera node makes its clients wait for: told in the log and in
 * status, when it begins; and a donor is left where there is another node. */
static void
look_at_node(struct failover *l)
{
	struct server *s = &l->connection->server;
	struct view name = host_name(l->settings, l->connection->host);
	int64_t before_ms = s->paused_ms;

	if (!s->is_galera || !server_look(l->connection))
		return;
	if (s->paused_ms - before_ms > LOOK_PAUSE_MS / 10) {
		slot_set_error(l->slot, VIEW("flow control of the cluster: a "
					     "slow node holds writers back"));
		log_warn("flow control of the cluster holds writers back",
			 LOG_VIEW("host", name),
			 LOG_NUM("paused_ms", s->paused_ms - before_ms));
	}
	if (s->is_donor && !l->was_donor) {
		slot_set_error(l->slot,
			       VIEW("the node is a donor or desynced"));
		log_warn("the node is a donor or desynced",
			 LOG_VIEW("host", name));
	}
	l->was_donor = s->is_donor;
	size_t other = other_host(l, false);
	if (s->is_donor && other != l->connection->host)
		move(l, other);
}

/* Goes back to the host we like best once it is well again. It is probed
 * first: a dead one would cost a whole connect timeout each time. */
static void
look_for_better(struct failover *l)
{
	int64_t now = clock_ms();

	if (l->probe.fd < 0) {
		l->look_ms = now + LOOK_PAUSE_MS;
		look_at_node(l);
		if (l->connection == NULL)
			return;
		l->better = other_host(l, true);
		if (l->better == l->connection->host)
			return;
		if (l->settings->hosts[l->better].port == 0) {
			move(l, l->better);
			return;
		}
		probe_start(&l->probe, &l->settings->hosts[l->better],
			    now + l->settings->connect_timeout_ms);
	}
	switch (probe_ask(&l->probe)) {
	case PROBE_WAITS:
		l->look_ms = now + PROBE_PAUSE_MS;
		return;
	case PROBE_LISTENS:
		move(l, l->better);
		return;
	case PROBE_SILENT:
		l->look_ms = now + LOOK_PAUSE_MS;
		hosts_failed(&l->hosts, l->better, now);
		return;
	}
}

bool
failover_connect(struct failover *l, int64_t deadline_ms)
{
	int64_t now = clock_ms();

	if (l->connection != NULL && now != l->alive_ms &&
	    !connection_is_alive(l->connection))
		failover_drop(l, false);
	l->alive_ms = now;
	if (l->connection == NULL)
		return find_host(l, deadline_ms);
	if (now >= l->renew_ms)
		move(l, l->connection->host);
	else if (now >= l->look_ms)
		look_for_better(l);
	return l->connection != NULL || find_host(l, deadline_ms);
}

bool
failover_find_room(struct failover *l, size_t message_bytes)
{
	for (size_t k = 0; k < l->hosts.count; k++) {
		size_t host = hosts_order(&l->hosts, k);
		const struct store_size_limits *b = &l->by_host[host];
		if (l->connection == NULL || host == l->connection->host ||
		    !hosts_is_due(&l->hosts, host, clock_ms()) ||
		    (b->is_known && b->max_message_bytes < message_bytes))
			continue;
		move(l, host);
		/* What it has is known now. */
		if (l->connection != NULL && l->connection->host == host &&
		    b->max_message_bytes >= message_bytes)
			return true;
	}
	return false;
}

void
failover_drop(struct failover *l, bool host_failed)
{
	if (l->connection == NULL)
		return;
	size_t host = l->connection->host;
	l->fault = l->connection->fault;
	connection_close(&l->connection, true);
	insert_forget(l->insert);
	if (host_failed)
		leave_host(l, host);
}

bool
failover_reread(struct failover *l)
{
	if (learn_tables(l, l->connection))
		return true;
	failover_drop(l, true);
	set_up(l, false);
	return false;
}
