/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether there is a store to write to, and how the loop hears of it. */
#include "worker/delivery_thread.h"

#include "base/clock.h"
#include "base/memory.h"

static bool
are_same(const struct store_size_limits *a, const struct store_size_limits *b)
{
	return a->max_message_bytes == b->max_message_bytes &&
	       a->max_address_chars == b->max_address_chars &&
	       a->has_utf8_addresses == b->has_utf8_addresses;
}

void
delivery_tell_news(struct delivery *d, struct domains *domains)
{
	struct delivery_news now = {
		.link.kind = DELIVERY_NEWS,
		.size_limits = store_size_limits(d->store),
		.is_store_up = store_is_up(d->store),
	};

	slot_gauge(d->context->slot, GAUGE_STORE_UP, now.is_store_up);
	slot_gauge(d->context->slot, GAUGE_STORE_DOWN_SINCE,
		   d->down_since_ms == 0 ? 0 :
		   (uint64_t)(clock_wall_us() / 1000000 -
			      (clock_ms() - d->down_since_ms) / 1000));
	slot_gauge(d->context->slot, GAUGE_MAX_MESSAGE_BYTES,
		   now.size_limits.max_message_bytes);
	if (d->has_told && domains == NULL &&
	    now.is_store_up == d->told.is_store_up &&
	    are_same(&now.size_limits, &d->told.size_limits))
		return;
	d->told = now;
	d->has_told = true;
	struct delivery_news *news = memory_new(1, sizeof(*news));
	*news = now;
	news->domains = domains;
	queue_push(&d->results, &news->link);
}

bool
delivery_connect(struct delivery *d)
{
	bool is_up = store_connect(d->store);

	if (is_up)
		d->down_since_ms = 0;
	else if (d->down_since_ms == 0)
		d->down_since_ms = clock_ms();
	delivery_tell_news(d, NULL);
	return is_up;
}
