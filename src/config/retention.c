/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long the mail of a domain is kept: "domain=24h". */
#include "config/reading.h"

#include "config/units.h"
#include "net/domain_name.h"
#include "smtp/path.h"

#include <string.h>

enum { MOST_DOMAINS = 100 };

static const int64_t least_ms = 1000;
static const int64_t most_ms = (int64_t)36500 * 24 * 3600 * 1000;

static void
take_domain(struct reading *r, const struct value_walk *walk)
{
	struct store_settings *s = &r->config->worker.store;
	struct view text = view_of(walk->text);
	size_t equals = view_find_last(text, '=');
	struct view domain = view_slice(text, 0, equals);
	bool is_literal = domain.len > 0 && domain.at[0] == '[';
	char pattern[DOMAIN_PATTERN_SIZE];
	size_t len = domain_pattern_to_ascii(domain, pattern);
	int64_t ms;

	/* "*" is what `retention` says. */
	if (len <= 1 || (is_literal && !path_is_literal(domain)))
		faults_add(&r->faults, walk->at, "store.retention_domains",
			   "\"%.100s\" is not DOMAIN=TIME, with a domain or "
			   "\"*.domain\"", walk->text);
	else if (!duration_parse(view_slice(text, equals + 1, text.len),
				 &ms) ||
		 (ms != 0 && ms < least_ms) || ms > most_ms)
		faults_add(&r->faults, walk->at, "store.retention_domains",
			   "\"%.100s\" has no duration behind = (a number, "
			   "with s, m, h or d; 0 or 1s to 36500d)",
			   walk->text);
	else if (s->retention_domain_count == MOST_DOMAINS)
		faults_add(&r->faults, walk->at, "store.retention_domains",
			   "\"%.100s\" is more than %d", walk->text,
			   MOST_DOMAINS);
	else
		s->retention_domains[s->retention_domain_count++] =
			(struct retention_domain){
				arena_copy(&r->config->arena,
					   (struct view){ pattern, len }).at,
				ms };
}

void
reading_fill_retention(struct reading *r)
{
	struct config *c = r->config;
	struct value_walk walk = { 0 };

	c->worker.store.retention_domains = arena_alloc(&c->arena,
		(c->retention_domains.count + 1) *
		sizeof(*c->worker.store.retention_domains));
	while (reading_next_value(r, "store", "retention_domains", &walk))
		take_domain(r, &walk);
}
