/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What comes back from delivery: verdicts, answers to look-ups, news of the
 * store. */
#include "worker/client.h"

#include "base/clock.h"
#include "worker/mail_log.h"

#include <assert.h>
#include <stdlib.h>

/* Also rates: the mail that did not come in comes again. */
static void
count_verdict(struct worker *w, const struct message *m, int64_t now_us)
{
	struct scoreboard_slot *slot = w->context->slot;

	slot_observe(slot, HISTOGRAM_RECEIVE, m->complete_us - m->began_us);
	slot_observe(slot, HISTOGRAM_REPLY, now_us - m->complete_us);
	slot_observe(slot, HISTOGRAM_WAIT, m->wait_us);
	slot_observe(slot, HISTOGRAM_PARSE, m->parse_us);
	slot_observe(slot, HISTOGRAM_MESSAGE, (int64_t)m->raw.len);
	if (m->verdict != VERDICT_STORED && m->verdict != VERDICT_SPOOLED)
		worker_uncount(w, m);
	slot_count(slot, COUNT_SENDERS_BLOCKED, m->envelope.is_blocked);
	switch (m->verdict) {
	case VERDICT_SPOOLED:
		slot_count(slot, COUNT_MAILS_SPOOLED, 1);
		/* fall through */
	case VERDICT_STORED:
		slot_count(slot, COUNT_MAILS_ACCEPTED, 1);
		slot_count(slot, COUNT_BYTES, m->raw.len);
		return;
	case VERDICT_DISCARDED:
		slot_count(slot, COUNT_MAILS_DISCARDED, 1);
		return;
	case VERDICT_TOO_BIG:
	case VERDICT_HEADER_CHECK:
	case VERDICT_BLOCKED:
	case VERDICT_LOOP:
		slot_count(slot, COUNT_MAILS_REFUSED, 1);
		return;
	case VERDICT_NONE:
	case VERDICT_TRY_LATER:
	case VERDICT_FULL:
		slot_count(slot, COUNT_MAILS_DEFERRED, 1);
		return;
	case VERDICT_IN_DOUBT:
		slot_count(slot, COUNT_MAILS_IN_DOUBT, 1);
		return;
	}
}

static void
tell_verdict(struct worker *w, const struct message *m, int64_t now_us)
{
	struct client *c = client_find(w, m->client_key);

	assert(m->verdict != VERDICT_NONE);
	w->mails++;
	count_verdict(w, m, now_us);
	if (c == NULL)
		return;
	assert(c->submitted == m);
	c->submitted = NULL;
	c->transaction_ms = 0;
	c->command_ms = w->loop.now_ms;
	session_delivered(c->session, m->verdict, m->id, &c->out);
	client_resume(c);
}

static void
answer(struct worker *w, const struct question *q)
{
	struct view key = { q->key, q->len };
	struct client *c = client_find(w, q->client_key);

	if (q->answer >= 0)
		lookup_cache_keep(w->lookups, key, q->answer > 0,
				  w->loop.now_ms);
	/* A client that has waited too long was answered already, and may
	 * wait for another one now. */
	if (c == NULL || c->asked_ms == 0 ||
	    session_want(c->session) != SESSION_WANTS_RECIPIENT ||
	    !view_equal(session_recipient(c->session), key))
		return;
	c->asked_ms = 0;
	session_recipient_known(c->session,
				q->answer < 0 ? RECIPIENT_UNDECIDED
				: q->answer > 0 ? RECIPIENT_KNOWN
				: RECIPIENT_UNKNOWN, &c->out);
	client_resume(c);
}

static void
take_news(struct worker *w, const struct delivery_news *news)
{
	w->state.max_message_bytes = news->size_limits.max_message_bytes;
	w->state.max_address_chars = news->size_limits.max_address_chars;
	w->state.offers_smtputf8 = news->size_limits.has_utf8_addresses;
	w->state.is_store_away = !news->is_store_up &&
		w->settings->store.on_outage == STORE_OUTAGE_TEMPFAIL;
	w->knows_store = true;
	if (news->blocked != NULL) {
		domains_free(&w->blocked);
		w->blocked = news->blocked;
		w->state.more_blocked = w->blocked;
	}
	if (news->domains == NULL)
		return;
	bool is_first = w->domains == NULL;
	domains_free(&w->domains);
	w->domains = news->domains;
	w->state.more_domains = w->domains;
	/* Sessions may wait for the first list. */
	for (size_t i = 0; is_first && i < w->client_slots; i++) {
		struct client *c = w->clients[i];
		if (c == NULL || c->phase != CLIENT_TALKING ||
		    c->asked_ms == 0 ||
		    session_want(c->session) != SESSION_WANTS_DOMAINS)
			continue;
		c->asked_ms = 0;
		session_domains_known(c->session, &c->out);
		client_resume(c);
	}
}

void
worker_take_results(struct worker *w)
{
	struct queue_link *link = queue_take_all(
		delivery_results(w->delivery));
	struct queue_link *told = NULL, **end = &told;
	int64_t now_us = link != NULL ? clock_us() : 0;

	while (link != NULL) {
		struct queue_link *next = link->next;
		switch ((enum delivery_kind)link->kind) {
		case DELIVERY_MESSAGE:
			tell_verdict(w, (struct message *)link, now_us);
			link->next = NULL;
			*end = link;
			end = &link->next;
			break;
		case DELIVERY_QUESTION:
			answer(w, (struct question *)link);
			free(link);
			break;
		case DELIVERY_NEWS:
			take_news(w, (struct delivery_news *)link);
			free(link);
			break;
		}
		link = next;
	}
	/* The lines come after the replies, and in a row: no client waits
	 * for them, and the logger wakes once. */
	struct log_gathered lines;
	log_gather(&lines);
	while (told != NULL) {
		struct message *m = (struct message *)told;
		told = told->next;
		mail_log_verdict(m);
		message_free(&m);
	}
	log_send_gathered();
}
