/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages to rows: a batch is what waits when the last one is done. What a
 * store that is away cannot take is held, with its client, for a while. */
#include "worker/delivery_thread.h"

#include "base/clock.h"
#include "base/log.h"

#include <assert.h>

static struct message *
message_of(struct queue_link *link)
{
	return (struct message *)link;  /* the link is its first member */
}

static struct message *
next_message(const struct message *m)
{
	return message_of(m->link.next);
}

static void
append_pending(struct delivery *d, struct message *m)
{
	m->link.next = NULL;
	*d->pending_end = m;
	d->pending_end = (struct message **)&m->link.next;
	d->held++;
}

static struct message *
take_pending(struct delivery *d)
{
	struct message *m = d->pending;

	d->pending = next_message(m);
	if (d->pending == NULL)
		d->pending_end = &d->pending;
	m->link.next = NULL;
	d->held--;
	return m;
}

void
delivery_take_messages(struct delivery *d)
{
	struct queue_link *link = queue_take_all(&d->messages);

	while (link != NULL) {
		struct message *m = message_of(link);
		link = link->next;
		append_pending(d, m);
	}
}

/* Bytes that the message's rows will take in a statement. */
static size_t
row_bytes(const struct message *m)
{
	return m->raw.len * m->envelope.recipients;
}

/* Reads the next messages into the batch, as many as one statement takes,
 * and links those that need no statement into *done. */
static size_t
fill_batch(struct delivery *d, struct message **done)
{
	const struct store_settings *store = &d->settings->store;
	size_t count = 0, rows = 0, bytes = 0;

	while (d->pending != NULL && count < store->batch_rows) {
		struct message *m = d->pending;
		rows += m->envelope.recipients;
		bytes += row_bytes(m);
		if (count > 0 && (rows > store->batch_rows ||
				  bytes > store->batch_bytes))
			break;
		take_pending(d);
		struct mail *mail = &d->mails[count];
		if (atomic_load(&m->is_abandoned))
			m->verdict = VERDICT_TRY_LATER;
		else
			m->verdict = mail_reader_read(d->reader, m, &d->arena,
						      mail);
		if (m->verdict != VERDICT_NONE) {
			m->link.next = (struct queue_link *)*done;
			*done = m;
			continue;
		}
		d->batch[count++] = mail;
	}
	return count;
}

/* Puts what has no verdict yet back to the front, in the old order. */
static void
hold_again(struct delivery *d, struct message *held)
{
	struct message *last = held;

	if (held == NULL)
		return;
	d->held++;
	while (next_message(last) != NULL) {
		last = next_message(last);
		d->held++;
	}
	last->link.next = (struct queue_link *)d->pending;
	if (d->pending == NULL)
		d->pending_end = (struct message **)&last->link.next;
	d->pending = held;
}

/* Hands the verdicts of a batch to the loop, all with one wake-up. */
static void
finish_batch(struct delivery *d, size_t count, struct message *done)
{
	struct message *held = NULL;

	for (size_t i = count; i > 0; i--) {
		struct message *m = d->batch[i - 1]->message;
		struct message **list =
			m->verdict == VERDICT_NONE ? &held : &done;
		m->link.next = (struct queue_link *)*list;
		*list = m;
	}
	hold_again(d, held);
	queue_push(&d->verdicts, (struct queue_link *)done);
	arena_reset(&d->arena);
}

static void
time_batch(struct mail *const *batch, size_t count, int64_t began)
{
	int64_t now = clock_us();

	for (size_t i = 0; i < count; i++) {
		struct message *m = batch[i]->message;
		m->store_us += now - began;
	}
}

static void
save_batch(struct delivery *d)
{
	struct message *done = NULL;
	size_t count = fill_batch(d, &done);

	if (count > 0) {
		int64_t began = clock_us();
		for (size_t i = 0; i < count; i++) {
			struct message *m = d->batch[i]->message;
			m->wait_us = began - m->complete_us - m->parse_us;
		}
		store_save(d->store, d->batch, count);
		time_batch(d->batch, count, began);
		if (!store_is_up(d->store) && d->down_since_ms == 0)
			d->down_since_ms = clock_ms();
	}
	finish_batch(d, count, done);
	delivery_tell_news(d, NULL);
}

/* ---- Outage --------------------------------------------------------------- */

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

/* Without a spool: 451, except for what may be in the table all the same. */
static void
refuse_batch(struct delivery *d, size_t count)
{
	bool is_stop = clock_ms() >= atomic_load(&d->hold_until_ms);

	for (size_t i = 0; i < count; i++) {
		struct message *m = d->batch[i]->message;
		m->verdict = VERDICT_TRY_LATER;
		if (store_is_in_doubt(d->store, m)) {
			if (is_stop)
				m->verdict = VERDICT_IN_DOUBT;
			log_warn("given up without knowing whether it is "
				 "stored", LOG_STR("id", m->id));
		}
	}
}

static void
give_up_batch(struct delivery *d)
{
	struct message *done = NULL;
	size_t count = fill_batch(d, &done);

	if (d->spool != NULL && count > 0)
		spool_write(d->spool, d->batch, count);
	else
		refuse_batch(d, count);
	for (size_t i = 0; i < count; i++) {
		struct message *m = d->batch[i]->message;
		assert(m->verdict != VERDICT_NONE);
		store_forget(d->store, m);
	}
	finish_batch(d, count, done);
}

void
delivery_serve_pending(struct delivery *d)
{
	if (d->pending == NULL)
		return;
	if (delivery_connect(d))
		save_batch(d);
	/* The oldest are in front: while those expire, so may more. */
	while (d->pending != NULL &&
	       clock_ms() >= hold_end_ms(d, d->pending)) {
		give_up_batch(d);
		slot_beat(d->seat->slot, SLOT_DELIVERY);
	}
}

