/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much mail one recipient, and one domain, gets in a minute, over all
 * workers. */
#include "net/connection_regions.h"

struct rated {
	enum rate_kind kind;
	size_t most;                    /* 0: it is not counted */
	struct view key;
};

static void
rate_what(const struct connection_counter *s, struct view address,
	  struct rated out[RATE_KINDS])
{
	size_t at = view_find_last(address, '@');

	out[0] = (struct rated){ RATE_RECIPIENT, s->limits.rate_per_recipient,
				 address };
	out[1] = (struct rated){ RATE_DOMAIN, s->limits.rate_per_domain,
				 view_slice(address, at, address.len) };
}

/* Notes one more, unless that is too many. */
static bool
is_within(const struct connection_counter *s, const struct rated *what,
	  int64_t now_ms)
{
	const struct connection_limits *c = s->connection_limits;
	struct recipient_rates *ours = region_rates(c, s->region, what->kind);
	const struct recipient_regions all = { region_rates(c, 0, what->kind),
					       c->stride, c->h.regions };
	uint64_t minute = (uint64_t)now_ms / MINUTE_MS;

	if (what->most == 0)
		return true;
	struct recipient_cells cells =
		recipient_cells_of(what->key, c->h.secret);
	recipient_rates_note(ours, &cells, minute);
	struct connection_rate sum = recipient_rates_sum(all, &cells, minute);
	if (connection_rate_of_last_minute(sum, now_ms) <= what->most)
		return true;
	recipient_rates_take_back(ours, &cells, minute);
	return false;
}

static void
take_back(const struct connection_counter *s, const struct rated *what,
	  int64_t then_ms)
{
	const struct connection_limits *c = s->connection_limits;

	if (what->most == 0)
		return;
	struct recipient_cells cells =
		recipient_cells_of(what->key, c->h.secret);
	recipient_rates_take_back(region_rates(c, s->region, what->kind),
				  &cells, (uint64_t)then_ms / MINUTE_MS);
}

bool
recipient_admit(const struct connection_counter *s, struct view address,
		int64_t now_ms)
{
	struct rated what[RATE_KINDS];

	rate_what(s, address, what);
	if (!is_within(s, &what[0], now_ms))
		return false;
	if (is_within(s, &what[1], now_ms))
		return true;
	take_back(s, &what[0], now_ms);
	return false;
}

void
recipient_release(const struct connection_counter *s, struct view address,
		  int64_t then_ms)
{
	struct rated what[RATE_KINDS];

	rate_what(s, address, what);
	for (int i = 0; i < RATE_KINDS; i++)
		take_back(s, &what[i], then_ms);
}
