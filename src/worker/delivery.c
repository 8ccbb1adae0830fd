/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The second thread of a worker. It takes all that waits when the previous
 * commit has returned: a quiet server commits at once, a busy one batches by
 * itself. Look-ups go ahead of messages. A store that is away holds the
 * messages, and their clients, for a while. */
#include "worker/delivery_thread.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

enum {
	IDLE_MS = 1000,                 /* heartbeat, and the store's health */
	SHORTEST_MS = 1,                /* nothing spins, whatever it is told */
	STACK_BYTES = 2 * 1024 * 1024   /* the parser needs 1 MB at least */
};

/* When there is something to do, even if nothing comes in. */
static int64_t
next_turn_ms(struct delivery *d)
{
	int64_t at_ms = clock_ms() + IDLE_MS;
	int64_t held_ms = delivery_held_until_ms(d);

	if (held_ms < at_ms)
		at_ms = held_ms;
	/* What waits is there because the store is: no host is due. */
	if (d->pending.first == NULL && d->waiting.first != NULL)
		return at_ms;
	int64_t try_ms = store_next_try_ms(d->store);
	return try_ms != 0 && try_ms < at_ms ? try_ms : at_ms;
}

static void
wait_for_work(struct delivery *d)
{
	struct pollfd fd = { .fd = d->messages.wake_read, .events = POLLIN };

	if (d->pending.first != NULL && d->down_since_ms == 0)
		return;
	int64_t ms = next_turn_ms(d) - clock_ms();
	poll(&fd, 1, ms < SHORTEST_MS ? SHORTEST_MS : (int)ms);
}

/* The first try to connect has an end, good or bad: the loop waits for that
 * before it takes clients. */
static void
tell_first_news(struct delivery *d)
{
	delivery_connect(d);
	pthread_mutex_lock(&d->news_lock);
	d->has_news = true;
	pthread_mutex_unlock(&d->news_lock);
	queue_wake(&d->verdicts);
}

static void *
deliver(void *arg)
{
	struct delivery *d = arg;

	tell_first_news(d);
	for (;;) {
		slot_beat(d->context->slot, SLOT_DELIVERY);
		bool is_stopping = atomic_load(&d->is_stopping);
		delivery_refresh_domains(d);
		delivery_take_messages(d);
		delivery_answer_questions(d);
		slot_gauge(d->context->slot, GAUGE_HELD,
			   d->pending.count + d->waiting.count);
		if (d->pending.first != NULL || d->waiting.first != NULL)
			delivery_serve_pending(d);
		else if (is_stopping)
			return NULL;
		else
			delivery_connect(d);
		wait_for_work(d);
	}
}

static int
start_thread(struct delivery *d)
{
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	int error = pthread_create(&d->thread, &attributes, deliver, d);
	pthread_attr_destroy(&attributes);
	errno = error;
	return error == 0 ? 0 : -1;
}

static void
free_delivery(struct delivery *d)
{
	struct queue *queues[] = { &d->messages, &d->questions, &d->verdicts,
				   &d->answers };

	for (size_t i = 0; i < sizeof(queues) / sizeof(*queues); i++)
		if (queues[i]->end != NULL)
			queue_deinit(queues[i]);
	spool_close(&d->spool);
	store_free(&d->store);
	mail_reader_free(&d->reader);
	domains_free(&d->domains);
	domains_free(&d->news.domains);
	pthread_mutex_destroy(&d->news_lock);
	arena_free(&d->arena);
	free(d->mails);
	free(d->batch);
	free(d);
}

static int
open_parts(struct delivery *d)
{
	const struct store_settings *store = &d->settings->store;

	if (queue_init(&d->messages) != 0 || queue_init(&d->questions) != 0 ||
	    queue_init(&d->verdicts) != 0 || queue_init(&d->answers) != 0)
		return -1;
	if (store->on_outage == STORE_OUTAGE_SPOOL) {
		d->spool = spool_open(store);
		if (d->spool == NULL)
			return -1;
	}
	d->store = store_new(store, d->context->slot);
	d->reader = mail_reader_new(d->settings, d->context);
	d->mails = memory_new(store->batch_rows, sizeof(*d->mails));
	d->batch = memory_new(store->batch_rows, sizeof(struct mail *));
	return 0;
}

struct delivery *
delivery_start(const struct worker_settings *settings,
	       const struct child_context *context)
{
	struct delivery *d = memory_new(1, sizeof(*d));

	d->settings = settings;
	d->context = context;
	atomic_store(&d->hold_until_ms, INT64_MAX);
	pthread_mutex_init(&d->news_lock, NULL);
	if (open_parts(d) == 0 && start_thread(d) == 0)
		return d;
	int error = errno;
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
	queue_wake(&(*d)->messages);
	pthread_join((*d)->thread, NULL);
	free_delivery(*d);
	*d = NULL;
}

/* ---- The loop's side --------------------------------------------------- */

int
delivery_descriptor(const struct delivery *d)
{
	return d->verdicts.wake_read;
}

static bool
is_all_discarded(const struct envelope *e)
{
	for (const struct recipient *r = e->first; r != NULL; r = r->next)
		if (!r->is_discarded)
			return false;
	return e->first != NULL;
}

void
delivery_submit(struct delivery *d, struct message *message)
{
	message->link.next = NULL;
	if (is_all_discarded(&message->envelope)) {
		message->verdict = VERDICT_DISCARDED;
		queue_push(&d->verdicts, &message->link);
		return;
	}
	queue_push(&d->messages, &message->link);
}

struct message *
delivery_take_verdicts(struct delivery *d)
{
	return (struct message *)queue_take_all(&d->verdicts);
}

void
delivery_ask(struct delivery *d, struct question *question)
{
	question->link.next = NULL;
	queue_push(&d->questions, &question->link);
	queue_wake(&d->messages);
}

struct question *
delivery_take_answers(struct delivery *d)
{
	return (struct question *)queue_take_all(&d->answers);
}

bool
delivery_take_news(struct delivery *d, struct delivery_news *out)
{
	pthread_mutex_lock(&d->news_lock);
	bool has_news = d->has_news;
	if (has_news) {
		*out = d->news;
		d->news.domains = NULL;
		d->has_news = false;
	}
	pthread_mutex_unlock(&d->news_lock);
	return has_news;
}

void
delivery_hold_until(struct delivery *d, int64_t at_ms)
{
	atomic_store(&d->hold_until_ms, at_ms);
	queue_wake(&d->messages);
}
