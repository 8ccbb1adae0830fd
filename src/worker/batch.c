/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages to rows: a batch is what waits when the last one is done. What a
 * store that is away cannot take is held, with its client, for a while. */
#include "worker/delivery_thread.h"

#include "base/clock.h"
#include "base/log.h"

#include <assert.h>

enum { RETRY_MS = 50, SPOOL_BYTES = 8 << 20 };

void
message_list_append(struct message_list *l, struct message *m)
{
	m->link.next = NULL;
	if (l->last != NULL)
		l->last->link.next = &m->link;
	else
		l->first = m;
	l->last = m;
	l->count++;
}

static struct message *
take_first(struct message_list *l)
{
	struct message *m = l->first;

	assert(m != NULL && l->count > 0);
	l->first = (struct message *)m->link.next;      /* first member */
	if (l->first == NULL)
		l->last = NULL;
	l->count--;
	return m;
}

/* Moves all of front before what l holds; front is empty then. */
static void
put_before(struct message_list *l, struct message_list *front)
{
	if (front->first == NULL)
		return;
	front->last->link.next = l->first != NULL ? &l->first->link : NULL;
	l->first = front->first;
	if (l->last == NULL)
		l->last = front->last;
	l->count += front->count;
	*front = (struct message_list){ 0 };
}

/* Reads the next messages of a list into the batch, as many as one
 * of the store takes or, with batch NULL, as the spool is given at a time, and
 * moves those that need neither to done. */
static size_t
fill_batch(struct delivery *d, struct message_list *from,
	   struct message_list *done, struct store_batch *batch)
{
	size_t count = 0, bytes = 0;

	while (from->first != NULL &&
	       count < d->settings->store.batch_rows && bytes < SPOOL_BYTES) {
		struct message *m = from->first;
		struct mail *mail = &d->mails[count];
		/* Its client hung up before the database was given it: the
		 * sender will come again. */
		if (atomic_load(&m->is_abandoned) && !m->was_tried)
			m->verdict = VERDICT_TRY_LATER;
		else
			m->verdict = mail_reader_read(d->reader, m, &d->arena,
						      mail);
		/* Once the database was given it, only that decides. */
		if (m->was_tried) {
			m->verdict = VERDICT_NONE;
			m->envelope.is_blocked = false;
		}
		/* What begins the next batch is read again for it. */
		if (m->verdict == VERDICT_NONE && batch != NULL &&
		    !store_batch_add(d->store, batch, mail))
			break;
		take_first(from);
		bytes += m->raw.len;
		if (m->verdict != VERDICT_NONE)
			message_list_append(done, m);
		else
			d->batch[count++] = mail;
	}
	return count;
}

/* Hands the verdicts of a batch to the loop, all with one wake-up. What has
 * none is tried again: with all others when the store is back; where it is
 * there (an unknown commit needs time), after a pause and out of the others'
 * way. */
static void
finish_batch(struct delivery *d, size_t count, struct message_list *done)
{
	struct message_list held = { 0 };

	for (size_t i = 0; i < count; i++) {
		struct message *m = d->batch[i]->message;
		message_list_append(m->verdict == VERDICT_NONE ? &held : done,
				    m);
	}
	if (held.first != NULL && store_is_up(d->store)) {
		put_before(&held, &d->waiting);
		d->waiting = held;
		d->retry_ms = clock_ms() + RETRY_MS;
	} else {
		put_before(&d->pending, &held);
	}
	queue_push(&d->results, (struct queue_link *)done->first);
	arena_reset(&d->arena);
}

static void
save_batch(struct delivery *d)
{
	struct message_list done = { 0 };
	struct store_batch batch = { 0 };
	size_t count = fill_batch(d, &d->pending, &done, &batch);
	int64_t began = clock_us();

	for (size_t i = 0; i < count; i++) {
		struct message *m = d->batch[i]->message;
		m->wait_us = began - m->complete_us - m->parse_us;
		m->was_tried = true;
	}
	if (count > 0)
		store_save(d->store, d->batch, count);
	int64_t took = clock_us() - began;
	for (size_t i = 0; i < count; i++)
		d->batch[i]->message->store_us += took;
	if (count > 0 && d->batch[0]->message->verdict == VERDICT_STORED) {
		slot_observe(d->context->slot, HISTOGRAM_COMMIT, took);
		slot_observe(d->context->slot, HISTOGRAM_BATCH_ROWS,
			     (int64_t)batch.rows);
	}
	if (!store_is_up(d->store) && d->down_since_ms == 0)
		d->down_since_ms = clock_ms();
	finish_batch(d, count, &done);
	delivery_tell_news(d, NULL, NULL);
}

/* ---- Outage ------------------------------------------------------------- */

/* A message is held from its final dot on; once the store has been away for
 * that long, later ones are not held at all. */
static int64_t
hold_end_ms(struct delivery *d, const struct message *m)
{
	int64_t hold = d->settings->store.hold_ms;
	int64_t end = m->complete_us / 1000 + hold;
	int64_t stop = atomic_load(&d->hold_until_ms);

	if (d->down_since_ms != 0 && d->down_since_ms + hold < end)
		end = d->down_since_ms + hold;
	return stop < end ? stop : end;
}

static void
spool_batch(struct delivery *d, size_t count)
{
	struct scoreboard_slot *slot = d->context->slot;
	int64_t began = clock_us();
	bool is_refused = false;

	spool_write(d->spool, d->batch, count);
	slot_observe(slot, HISTOGRAM_SPOOL_WRITE, clock_us() - began);
	for (size_t i = 0; i < count; i++)
		is_refused |= d->batch[i]->message->verdict != VERDICT_SPOOLED;
	slot_gauge(slot, GAUGE_SPOOL_REFUSED, is_refused ?
		   (uint64_t)clock_wall_us() / 1000000 : 0);
}

/* To the spool; without one 451, except for what may be in the table all the
 * same. */
static void
give_up_batch(struct delivery *d, struct message_list *expired)
{
	bool is_stop = clock_ms() >= atomic_load(&d->hold_until_ms);
	struct message_list done = { 0 };
	size_t count = fill_batch(d, expired, &done, NULL);

	for (size_t i = 0; i < count; i++)
		store_hand_over(d->store, d->batch[i], &d->arena);
	if (d->spool != NULL && count > 0)
		spool_batch(d, count);
	for (size_t i = 0; i < count; i++) {
		struct message *m = d->batch[i]->message;
		if (d->spool == NULL) {
			bool is_in_doubt = store_is_in_doubt(d->store, m);
			m->verdict = is_in_doubt && is_stop
					     ? VERDICT_IN_DOUBT
					     : VERDICT_TRY_LATER;
			if (is_in_doubt)
				log_warn("given up without knowing whether "
					 "it is stored", LOG_STR("id", m->id));
		}
		assert(m->verdict != VERDICT_NONE);
		store_forget(d->store, m);
	}
	finish_batch(d, count, &done);
}

/* The oldest are in front. */
static void
give_up_expired(struct delivery *d, struct message_list *from)
{
	struct message_list expired = { 0 };
	int64_t now = clock_ms();

	while (from->first != NULL && now >= hold_end_ms(d, from->first))
		message_list_append(&expired, take_first(from));
	while (expired.first != NULL) {
		give_up_batch(d, &expired);
		slot_beat(d->context->slot, SLOT_DELIVERY);
	}
}

int64_t
delivery_held_until_ms(struct delivery *d)
{
	int64_t at_ms = d->waiting.first != NULL ? d->retry_ms : INT64_MAX;

	if (d->pending.first != NULL) {
		int64_t end_ms = hold_end_ms(d, d->pending.first);
		if (end_ms < at_ms)
			at_ms = end_ms;
	}
	return at_ms;
}

void
delivery_serve_pending(struct delivery *d)
{
	if (d->waiting.first != NULL && clock_ms() >= d->retry_ms) {
		give_up_expired(d, &d->waiting);
		put_before(&d->pending, &d->waiting);
	}
	if (d->pending.first == NULL)
		return;
	/* What is late may still be stored, if the store is back. */
	if (delivery_connect(d))
		save_batch(d);
	else
		give_up_expired(d, &d->pending);
}
