/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The second thread of a worker. It takes all that waits when the previous
 * commit has returned: a quiet server commits at once, a busy one batches by
 * itself. Look-ups go ahead of messages. A store that is away holds the
 * messages, and their clients, for a while. */
#include "worker/delivery_thread.h"

#include "base/clock.h"
#include "smtp/session.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

enum {
	IDLE_MS = 1000,                 /* heartbeat, and the store's health */
	SHORTEST_MS = 1,                /* nothing spins, whatever it is told */
	STACK_BYTES = 2 * 1024 * 1024   /* the parser needs 1 MB at least */
};

/* Until a job comes, or there is something to do without one. */
static void
wait_for_work(struct delivery *d)
{
	struct pollfd fd = { .fd = d->jobs.descriptor, .events = POLLIN };
	int64_t now = clock_ms();
	int64_t at_ms = now + IDLE_MS;

	if ((d->pending.first != NULL && d->down_since_ms == 0) ||
	    !queue_may_wait(&d->jobs))
		return;
	int64_t held_ms = delivery_held_until_ms(d);
	if (held_ms < at_ms)
		at_ms = held_ms;
	/* What waits alone is there because the store is: no host is due. */
	if (d->pending.first != NULL || d->waiting.first == NULL) {
		int64_t try_ms = store_next_try_ms(d->store);
		if (try_ms != 0 && try_ms < at_ms)
			at_ms = try_ms;
	}
	int64_t ms = at_ms - now;
	poll(&fd, 1, ms < SHORTEST_MS ? SHORTEST_MS : (int)ms);
}

/* Messages go behind those that are held; questions are returned. */
static struct queue_link *
take_jobs(struct delivery *d)
{
	struct queue_link *link = queue_take_all(&d->jobs);
	struct queue_link *questions = NULL;
	struct queue_link **end = &questions;

	while (link != NULL) {
		struct queue_link *next = link->next;
		if (link->kind == DELIVERY_MESSAGE) {
			message_list_append(&d->pending,
					    (struct message *)link);
		} else {
			link->next = NULL;
			*end = link;
			end = &link->next;
		}
		link = next;
	}
	return questions;
}

static void
tell_held(const struct delivery *d)
{
	struct scoreboard_slot *slot = d->context->slot;
	const struct message *oldest = d->waiting.first;

	slot_gauge(slot, GAUGE_HELD, d->pending.count + d->waiting.count);
	slot_gauge(slot, GAUGE_WAITING, d->waiting.count);
	slot_gauge(slot, GAUGE_WAITING_SINCE, oldest == NULL ? 0 :
		   (uint64_t)(clock_wall_us() - clock_us() +
			      oldest->complete_us) / 1000000);
}

static void *
deliver(void *arg)
{
	struct delivery *d = arg;

	/* Tells the loop, which takes no clients before that: none comes in
	 * while nobody is unwanted yet. */
	delivery_refresh_blocked(d);
	delivery_connect(d);
	for (;;) {
		slot_beat(d->context->slot, SLOT_DELIVERY);
		bool is_stopping = atomic_load(&d->is_stopping);
		delivery_refresh_domains(d);
		delivery_refresh_blocked(d);
		delivery_answer(d, take_jobs(d));
		tell_held(d);
		if (d->pending.first != NULL || d->waiting.first != NULL)
			delivery_serve_pending(d);
		else if (is_stopping)
			return NULL;
		else
			delivery_connect(d);
		tell_held(d);
		wait_for_work(d);
	}
}

static void
free_delivery(struct delivery *d)
{
	struct queue_link *link = NULL, *next = NULL;

	/* Nobody waits for them: the loop has ended. Messages stay its own. */
	if (d->results.end != NULL)
		link = queue_take_all(&d->results);
	for (; link != NULL; link = next) {
		next = link->next;
		if (link->kind == DELIVERY_NEWS) {
			domains_free(&((struct delivery_news *)link)->domains);
			domains_free(&((struct delivery_news *)link)->blocked);
		}
		if (link->kind != DELIVERY_MESSAGE)
			free(link);
	}
	if (d->results.end != NULL)
		queue_deinit(&d->results);
	if (d->jobs.end != NULL)
		queue_deinit(&d->jobs);
	spool_close(&d->spool);
	store_free(&d->store);
	mail_reader_free(&d->reader);
	domains_free(&d->domains);
	domains_free(&d->blocked);
	arena_free(&d->arena);
	free(d->mails);
	free(d->batch);
	free(d);
}

/* An error number. */
static int
start(struct delivery *d)
{
	const struct store_settings *store = &d->settings->store;
	pthread_attr_t attributes;

	if (queue_init(&d->jobs) != 0 || queue_init(&d->results) != 0)
		return errno;
	if (store->on_outage == STORE_OUTAGE_SPOOL) {
		d->spool = spool_open(store);
		if (d->spool == NULL)
			return errno;
	}
	d->store = store_new(store, d->context->slot);
	d->reader = mail_reader_new(d->settings, d->context);
	d->mails = memory_new(store->batch_rows, sizeof(*d->mails));
	d->batch = memory_new(store->batch_rows, sizeof(struct mail *));
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	int error = pthread_create(&d->thread, &attributes, deliver, d);
	pthread_attr_destroy(&attributes);
	return error;
}

struct delivery *
delivery_start(const struct worker_settings *settings,
	       const struct child_context *context)
{
	struct delivery *d = memory_new(1, sizeof(*d));

	d->settings = settings;
	d->context = context;
	atomic_store(&d->hold_until_ms, INT64_MAX);
	int error = start(d);
	if (error == 0)
		return d;
	free_delivery(d);
	errno = error;
	return NULL;
}

void
delivery_stop(struct delivery **d)
{
	if (*d == NULL)
		return;
	atomic_store(&(*d)->is_stopping, true);
	queue_wake(&(*d)->jobs);
	pthread_join((*d)->thread, NULL);
	free_delivery(*d);
	*d = NULL;
}

/* ---- The loop's side --------------------------------------------------- */

void
delivery_submit(struct delivery *d, struct message *message)
{
	assert(message->envelope.first != NULL);
	assert(message->verdict == VERDICT_NONE);
	message->link = (struct queue_link){ .kind = DELIVERY_MESSAGE };
	if (message_rows(message) == 0) {
		message->verdict = VERDICT_DISCARDED;
		queue_push(&d->results, &message->link);
		return;
	}
	d->submitted_rows += message_rows(message);
	d->submitted_bytes += message->raw.len;
	queue_append(&d->jobs, &message->link);
	if (d->submitted_rows >= d->settings->store.batch_rows ||
	    d->submitted_bytes >= d->settings->store.batch_bytes)
		delivery_begin(d);
}

void
delivery_ask(struct delivery *d, struct question *question)
{
	question->link = (struct queue_link){ .kind = DELIVERY_QUESTION };
	queue_append(&d->jobs, &question->link);
}

void
delivery_begin(struct delivery *d)
{
	d->submitted_rows = 0;
	d->submitted_bytes = 0;
	queue_notify(&d->jobs);
}

struct queue *
delivery_results(struct delivery *d)
{
	return &d->results;
}

void
delivery_hold_until(struct delivery *d, int64_t at_ms)
{
	atomic_store(&d->hold_until_ms, at_ms);
	store_stop_at(d->store, at_ms);
	queue_wake(&d->jobs);
}
