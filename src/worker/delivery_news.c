/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether there is a store to write to, and how the loop hears of it. */
#include "worker/delivery_thread.h"

#include "base/clock.h"

void
delivery_tell_news(struct delivery *d, struct domains *domains)
{
	struct store_size_limits size_limits = store_size_limits(d->store);
	bool is_up = store_is_up(d->store);
	struct delivery_news *n = &d->news;

	slot_gauge(d->context->slot, GAUGE_STORE_UP, is_up);
	slot_gauge(d->context->slot, GAUGE_MAX_MESSAGE_BYTES,
		   size_limits.max_message_bytes);
	pthread_mutex_lock(&d->news_lock);
	bool is_new = domains != NULL || is_up != n->is_store_up ||
		      size_limits.max_message_bytes !=
			      n->size_limits.max_message_bytes ||
		      size_limits.max_address_chars !=
			      n->size_limits.max_address_chars ||
		      size_limits.has_utf8_addresses !=
			      n->size_limits.has_utf8_addresses;
	n->size_limits = size_limits;
	n->is_store_up = is_up;
	if (domains != NULL) {
		domains_free(&n->domains);
		n->domains = domains;
	}
	d->has_news = d->has_news || is_new;
	pthread_mutex_unlock(&d->news_lock);
	if (is_new)
		queue_wake(&d->verdicts);
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
