/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What delivery asks of the database, and how the loop hears of it: whether
 * there is one to write to, recipients, all that wait at once, and the list
 * of domains. */
#include "worker/delivery_thread.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "net/domain_name.h"

enum { QUESTIONS_AT_ONCE = 256, RETRY_MS = 1000 };

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
	const struct delivery_news *told = &d->told;
	if (d->has_told && domains == NULL &&
	    now.is_store_up == told->is_store_up &&
	    now.size_limits.max_message_bytes ==
		    told->size_limits.max_message_bytes &&
	    now.size_limits.max_address_chars ==
		    told->size_limits.max_address_chars &&
	    now.size_limits.has_utf8_addresses ==
		    told->size_limits.has_utf8_addresses)
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

void
delivery_answer(struct delivery *d, struct queue_link *questions)
{
	struct view keys[QUESTIONS_AT_ONCE];
	signed char answers[QUESTIONS_AT_ONCE];

	while (questions != NULL) {
		struct queue_link *list = questions, *last = NULL;
		size_t count = 0;
		while (questions != NULL && count < QUESTIONS_AT_ONCE) {
			struct question *q = (struct question *)questions;
			keys[count] = (struct view){ q->key, q->len };
			answers[count++] = -1;
			last = questions;
			questions = questions->next;
		}
		last->next = NULL;
		if (delivery_connect(d))
			store_find_recipients(d->store, keys, answers, count);
		count = 0;
		for (struct queue_link *l = list; l != NULL; l = l->next)
			((struct question *)l)->answer = answers[count++];
		queue_push(&d->results, list);
	}
}

/* Two sets of the same names: each thread has its own. */
struct fetched {
	struct domains *ours;
	struct domains *loops;
};

static void
take_domain(void *context, struct view value)
{
	struct fetched *f = context;
	char pattern[DOMAIN_PATTERN_SIZE];
	struct view name = { pattern, domain_pattern_to_ascii(value,
							      pattern) };

	if (domains_add(f->ours, name) && domains_add(f->loops, name))
		return;
	log_warn("domains_query gave what is no domain: passed over",
		 LOG_VIEW("value", value));
}

void
delivery_refresh_domains(struct delivery *d)
{
	const struct store_settings *store = &d->settings->store;

	if (!d->settings->smtp.has_domains_query ||
	    clock_ms() < d->refresh_ms || !delivery_connect(d))
		return;
	struct fetched f = { domains_new(), domains_new() };
	d->refresh_ms = clock_ms() + store->domains_refresh_ms;
	if (!store_fetch_domains(d->store, take_domain, &f)) {
		log_debug("domains_query failed: the last list stays",
			  LOG_NUM("domains", d->domains != NULL
					 ? domains_count(d->domains) : 0));
		if (d->domains == NULL)
			d->refresh_ms = clock_ms() + RETRY_MS;
		domains_free(&f.ours);
		domains_free(&f.loops);
		return;
	}
	domains_free(&d->domains);
	d->domains = f.ours;
	mail_reader_set_domains(d->reader, d->domains);
	delivery_tell_news(d, f.loops);
}
