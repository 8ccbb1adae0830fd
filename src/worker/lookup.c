/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What delivery asks of the database, and how the loop hears of it: whether
 * there is one to write to, recipients, all that wait at once, and the lists
 * of domains and of unwanted senders. */
#include "worker/delivery_thread.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "net/domain_name.h"
#include "smtp/blocked.h"

enum { QUESTIONS_AT_ONCE = 256, RETRY_MS = 1000 };

void
delivery_tell_news(struct delivery *d, struct domains *domains,
		   struct domains *blocked)
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
	if (d->has_told && domains == NULL && blocked == NULL &&
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
	news->blocked = blocked;
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
	delivery_tell_news(d, NULL, NULL);
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
		if (delivery_connect(d)) {
			int64_t began_us = clock_us();
			store_find_recipients(d->store, keys, answers, count);
			slot_observe(d->context->slot, HISTOGRAM_LOOKUP,
				     clock_us() - began_us);
		}
		count = 0;
		for (struct queue_link *l = list; l != NULL; l = l->next)
			((struct question *)l)->answer = answers[count++];
		queue_push(&d->results, list);
	}
}

static void
take_domain(void *context, struct view value)
{
	char pattern[DOMAIN_PATTERN_SIZE];
	struct view name = { pattern, domain_pattern_to_ascii(value,
							      pattern) };

	if (domains_add(context, name))
		return;
	log_warn("domains_query gave what is no domain: passed over",
		 LOG_VIEW("value", value));
}

static void
take_sender(void *context, struct view value)
{
	char bytes[BLOCKED_KEY_SIZE];

	if (view_find(value, '@') == value.len &&
	    !view_equal(value, VIEW("*"))) {
		take_domain(context, value);
		return;
	}
	if (domains_add(context, blocked_key(domain_name_to_ascii, value,
					     bytes)))
		return;
	log_warn("blocked_senders_query gave what is no sender: passed over",
		 LOG_VIEW("value", value));
}

/* A list, and when it is asked for again. False where the last one stays. */
static bool
refresh(struct delivery *d, enum store_list which, struct domains **list,
	int64_t *at_ms)
{
	struct domains *fetched = domains_new();
	bool is_there = store_fetch_list(
		d->store, which, which == STORE_LIST_DOMAINS ? take_domain :
		take_sender, fetched);

	*at_ms = clock_ms() + d->settings->store.domains_refresh_ms;
	if (is_there) {
		domains_free(list);
		*list = fetched;
		return true;
	}
	log_debug("a query failed: the last list stays",
		  LOG_STR("key", which == STORE_LIST_DOMAINS ?
			  "domains_query" : "blocked_senders_query"),
		  LOG_NUM("names", *list != NULL ? domains_count(*list) : 0));
	if (*list == NULL)
		*at_ms = clock_ms() + RETRY_MS;
	domains_free(&fetched);
	return false;
}

void
delivery_refresh_domains(struct delivery *d)
{
	if (!d->settings->smtp.has_domains_query ||
	    clock_ms() < d->refresh_ms || !delivery_connect(d) ||
	    !refresh(d, STORE_LIST_DOMAINS, &d->domains, &d->refresh_ms))
		return;
	mail_reader_set_domains(d->reader, d->domains);
	slot_gauge(d->context->slot, GAUGE_DOMAINS, domains_count(d->domains));
	slot_gauge(d->context->slot, GAUGE_DOMAINS_REFRESHED,
		   (uint64_t)clock_wall_us() / 1000000);
	delivery_tell_news(d, domains_share(d->domains), NULL);
}

/* News of the store itself wait until the first list is there. */
void
delivery_refresh_blocked(struct delivery *d)
{
	if (!d->settings->smtp.has_blocked_query ||
	    clock_ms() < d->blocked_ms || !store_connect(d->store) ||
	    !refresh(d, STORE_LIST_BLOCKED, &d->blocked, &d->blocked_ms))
		return;
	mail_reader_set_blocked(d->reader, d->blocked);
	delivery_tell_news(d, NULL, domains_share(d->blocked));
}
