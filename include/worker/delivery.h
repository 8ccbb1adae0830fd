/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The second thread of a worker: jobs in, results out. It alone parses mail
 * and talks to the database; the loop never waits for it. Everything here is
 * called by the loop's thread. */
#ifndef WORKER_DELIVERY_H
#define WORKER_DELIVERY_H

#include "base/child_context.h"
#include "mail.h"
#include "smtp/domains.h"
#include "store/store.h"
#include "worker/settings.h"

struct delivery;

/* What a link of the two queues belongs to. */
enum delivery_kind {
	DELIVERY_MESSAGE,       /* struct message */
	DELIVERY_QUESTION,
	DELIVERY_NEWS           /* comes back only */
};

/* A recipient to be looked up, and its answer. One malloc; free() it. */
struct question {
	struct queue_link link;         /* first */
	uint64_t client_key;
	signed char answer;             /* 1 a row, 0 none, -1 no answer */
	size_t len;
	char key[];
};

/* What the loop must know of the store, when it has changed. free() it. */
struct delivery_news {
	struct queue_link link;         /* first */
	struct store_size_limits size_limits;
	bool is_store_up;
	struct domains *domains;        /* new ones, the taker's; or NULL */
	struct domains *blocked;        /* senders, the same */
};

/* Starts the thread; settings and context must outlive it. NULL with errno. The
 * first news comes when the first try to connect has ended, either way. */
struct delivery *delivery_start(const struct worker_settings *settings,
				const struct child_context *context);

/* Waits for all that was submitted to get its verdict, ends the thread. */
void delivery_stop(struct delivery **d);

/* The message is delivery's until it comes back with its verdict set; mail
 * for `discard` alone does so at once. */
void delivery_submit(struct delivery *d, struct message *message);
void delivery_ask(struct delivery *d, struct question *question);

/* Of what was submitted and asked: a thread that is idle begins with it now,
 * with all of it at once; before that where it makes a whole batch. One that
 * is busy takes it when it is done. */
void delivery_begin(struct delivery *d);

/* Results, of which the caller is the reader: what it takes is its own. Each
 * link's kind is an enum delivery_kind. */
struct queue *delivery_results(struct delivery *d);

/* From at_ms (clock_ms) on nothing is held any longer: what is not stored
 * then is spooled or gets its 451. */
void delivery_hold_until(struct delivery *d, int64_t at_ms);

#endif
