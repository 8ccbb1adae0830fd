/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of address ranges. */
#include "config/reading.h"

#include "base/address.h"

static void
fill(struct reading *r, const char *key, const struct strings *texts,
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

	fill(r, "trusted_proxies", &c->trusted_proxies,
	     &net->trusted_proxies);
	fill(r, "xclient_hosts", &c->xclient_hosts, &net->xclient_hosts);
	fill(r, "blocked_clients", &c->blocked_clients,
	     &net->blocked_clients);
}
