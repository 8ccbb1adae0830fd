/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The second thread of a worker: messages in, verdicts out. It alone parses
 * mail and talks to the database; the loop never waits for it. */
#ifndef WORKER_DELIVERY_H
#define WORKER_DELIVERY_H

#include "base/child_context.h"
#include "mail.h"
#include "smtp/domains.h"
#include "store/store.h"
#include "worker/settings.h"

struct delivery;

/* A recipient to be looked up, and its answer. One malloc; free() it. */
struct question {
	struct queue_link link;         /* first */
	uint64_t client_key;
	signed char answer;             /* 1 a row, 0 none, -1 no answer */
	size_t len;
	char key[];
};

/* What the loop must know of the store, when it changes. */
struct delivery_news {
	struct store_size_limits size_limits;
	bool is_store_up;
	struct domains *domains;        /* new ones, now the taker's; or NULL */
};

/* Starts the thread; settings and context must outlive it. NULL with errno. The
 * first news comes when the first try to connect has ended, either way. */
struct delivery *delivery_start(const struct worker_settings *settings,
				const struct child_context *context);

/* Waits for all that was submitted to get its verdict, ends the thread. */
void delivery_stop(struct delivery **d);

/* Readable when delivery_take_verdicts, _answers or _news has something.
 * The first quiets it, and is to be called before the others. */
int delivery_descriptor(const struct delivery *d);

/* The message is delivery's until it comes back with its verdict set. */
void delivery_submit(struct delivery *d, struct message *message);
struct message *delivery_take_verdicts(struct delivery *d);

void delivery_ask(struct delivery *d, struct question *question);
struct question *delivery_take_answers(struct delivery *d);

/* False where nothing has changed since the last call. */
bool delivery_take_news(struct delivery *d, struct delivery_news *out);

/* From at_ms (clock_ms) on nothing is held any longer: what is not stored
 * then is spooled or gets its 451. */
void delivery_hold_until(struct delivery *d, int64_t at_ms);

#endif
