/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What delivery asks of the database on behalf of sessions: recipients, all
 * that wait at once, and the list of domains. */
#include "worker/delivery_thread.h"

#include "base/clock.h"
#include "base/log.h"
#include "net/domain_name.h"

enum { QUESTIONS_AT_ONCE = 256, RETRY_MS = 1000 };

/* Answers the first questions of a list, as many as are asked for at once,
 * and returns the rest. */
static struct queue_link *
answer_some(struct delivery *d, struct queue_link *list)
{
	struct view keys[QUESTIONS_AT_ONCE];
	signed char answers[QUESTIONS_AT_ONCE];
	struct queue_link *last = list;
	size_t count = 0;

	for (;; last = last->next) {
		const struct question *q = (const struct question *)last;
		keys[count] = (struct view){ q->key, q->len };
		answers[count++] = -1;
		if (last->next == NULL || count == QUESTIONS_AT_ONCE)
			break;
	}
	struct queue_link *rest = last->next;
	last->next = NULL;
	if (delivery_connect(d))
		store_find_recipients(d->store, keys, answers, count);
	count = 0;
	for (struct queue_link *l = list; l != NULL; l = l->next)
		((struct question *)l)->answer = answers[count++];
	queue_push(&d->results, list);
	return rest;
}

void
delivery_answer(struct delivery *d, struct queue_link *questions)
{
	while (questions != NULL)
		questions = answer_some(d, questions);
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

/* A failed refresh keeps the last list. */
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

