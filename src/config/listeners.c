/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where to listen: the listeners of the file, those of -p, or the default
 * two; and which clients are trusted or blocked there, as address ranges. */
#include "config/reading.h"

#include "base/address.h"
#include "net/listen.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { SMTP_PORT = 25, STATUS_MODE = 0660 };

static struct listen_settings
by_default(const struct config *c, const char *name)
{
	struct listen_settings l = { .name = name };

	for (const struct key *k = key_table; k->name != NULL; k++)
		if (strcmp(k->section, "listen") == 0)
			reading_set_default(&l, k);
	l.tls = c->tls.certificate[0] != '\0' ? LISTEN_STARTTLS :
						LISTEN_CLEAR;
	return l;
}

static bool
is_taken(const struct net_settings *net, const struct listen_name *name)
{
	struct listen_name other;
	const char *why;

	for (size_t i = 0; i < net->listener_count; i++)
		if (listen_parse(view_of(net->listeners[i].name), &other,
				 &why) && listen_is_same(name, &other))
			return true;
	return false;
}

/* Whether the title is a name to listen on, and the first of that name. */
static bool
is_good_name(struct reading *r, const struct block *b)
{
	struct listen_name name;
	const char *why = "";

	if (!listen_parse(view_of(b->title), &name, &why)) {
		faults_add(&r->faults, b->at, "listen", "\"%.200s\": %s",
			   b->title, why);
		return false;
	}
	if (!is_taken(&r->config->worker.net, &name))
		return true;
	faults_add(&r->faults, b->at, "listen", "\"%s\" given twice",
		   b->title);
	return false;
}

static void
check(struct reading *r, int block, const struct listen_settings *l)
{
	const struct config *c = r->config;
	const struct setting *tls =
		reading_find_in(r, block, "listen", "tls");
	const struct setting *mode =
		reading_find_in(r, block, "listen", "mode");
	const struct setting *proxy =
		reading_find_in(r, block, "listen", "proxy_protocol");
	bool is_unix = strncmp(l->name, "unix:", 5) == 0;

	if (!r->is_cut && tls != NULL && l->tls != LISTEN_CLEAR &&
	    c->tls.certificate[0] == '\0')
		faults_add(&r->faults, tls->at, "listen.tls",
			   "needs tls { certificate key }");
	if (mode != NULL && !is_unix)
		faults_add(&r->faults, mode->at, "listen.mode",
			   "is for unix sockets only");
	if (!r->is_cut && proxy != NULL && l->has_proxy_protocol && !is_unix &&
	    c->trusted_proxies.count == 0)
		faults_add(&r->faults, proxy->at, "listen.proxy_protocol",
			   "nobody is trusted: trusted_proxies is empty");
}

/* Behind those of the clients: a reload and an upgrade keep it as they keep
 * these. */
static void
add_status(struct reading *r)
{
	struct net_settings *net = &r->config->worker.net;
	const struct setting *s = reading_find(r, "status", "listen");
	const char *text = r->config->status_listen;
	struct listen_name name;
	const char *why = "write an address or unix:/path";

	if (s == NULL || text[0] == '\0')
		return;
	bool is_good = listen_parse(view_of(text), &name, &why) &&
		       name.kind != LISTEN_INHERITED;
	if (is_good && is_taken(net, &name)) {
		is_good = false;
		why = "mail is received there";
	}
	if (!is_good) {
		faults_add(&r->faults, s->at, "status.listen", "\"%.200s\": %s",
			   text, why);
		return;
	}
	if (name.kind == LISTEN_INET && !address_is_loopback(&name.address))
		reading_warn(r, "status", "listen", "\"%.200s\" is open to "
			     "others: there is no password", text);
	assert(net->listener_count < r->block_count + 3);
	net->listeners[net->listener_count] = (struct listen_settings){
		.name = text, .mode = STATUS_MODE };
	net->has_status = true;
}

void
reading_fill_listeners(struct reading *r, unsigned port)
{
	struct config *c = r->config;
	struct net_settings *net = &c->worker.net;
	char text[32];

	net->listeners = arena_alloc(&c->arena, (r->block_count + 3) *
						sizeof(*net->listeners));
	for (size_t i = 0; i < r->block_count; i++) {
		const struct block *b = &r->blocks[i];
		if (strcmp(b->section->name, "listen") != 0 ||
		    b->title == NULL)
			continue;
		struct listen_settings l = by_default(c, b->title);
		for (size_t j = 0; j < r->setting_count; j++)
			if (r->settings[j].block == (int)i)
				reading_set(r, &l, &r->settings[j]);
		if (!is_good_name(r, b))
			continue;
		check(r, (int)i, &l);
		net->listeners[net->listener_count++] = l;
	}
	if (net->listener_count == 0 || port != 0) {
		net->listener_count = 0;
		for (int i = 0; i < 1 + listen_has_ipv6(); i++) {
			snprintf(text, sizeof(text), "%s:%u",
				 i == 0 ? "0.0.0.0" : "[::]",
				 port > 0 ? port : SMTP_PORT);
			net->listeners[net->listener_count++] = by_default(
				c, arena_copy(&c->arena, view_of(text)).at);
		}
	}
	add_status(r);
}

static void
parse_ranges(struct reading *r, const char *key, const struct strings *texts,
	     struct address_ranges *ranges)
{
	struct value_walk walk = { 0 };
	struct address_range range;

	while (reading_next_value(r, "", key, &walk))
		if (!address_parse_range(view_of(walk.text), &range))
			faults_add(&r->faults, walk.at, key,
				   "\"%.100s\" is not an address or a range "
				   "(bits beyond the prefix must be 0)",
				   walk.text);
	ranges->at = arena_alloc(&r->config->arena,
				 (texts->count + 1) * sizeof(*ranges->at));
	for (size_t i = 0; i < texts->count; i++)
		if (address_parse_range(view_of(texts->at[i]), &range))
			ranges->at[ranges->count++] = range;
}

void
reading_fill_ranges(struct reading *r)
{
	struct config *c = r->config;
	struct net_settings *net = &c->worker.net;

	parse_ranges(r, "trusted_proxies", &c->trusted_proxies,
		     &net->trusted_proxies);
	parse_ranges(r, "xclient_hosts", &c->xclient_hosts,
		     &net->xclient_hosts);
	parse_ranges(r, "blocked_clients", &c->blocked_clients,
		     &net->blocked_clients);
}
