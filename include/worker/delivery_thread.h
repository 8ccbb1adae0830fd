/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of delivery, shared by the files that are its thread. Private to
 * the room. */
#ifndef WORKER_DELIVERY_THREAD_H
#define WORKER_DELIVERY_THREAD_H

#include "store/spool.h"
#include "worker/delivery.h"
#include "worker/mail_reader.h"

#include <stdatomic.h>

/* In the order in which they came, by their own links. */
struct message_list {
	struct message *first;
	struct message *last;
	size_t count;
};

struct delivery {
	const struct worker_settings *settings;
	const struct child_context *context;
	pthread_t thread;
	struct queue jobs;
	struct queue results;
	atomic_bool is_stopping;
	atomic_llong hold_until_ms;

	/* The loop's own: since delivery_begin(). */
	size_t submitted_rows;
	size_t submitted_bytes;

	/* The thread's own. */
	struct store *store;
	struct spool *spool;            /* NULL: on_outage is tempfail */
	struct mail_reader *reader;
	struct arena arena;             /* of one batch */
	struct mail *mails;             /* batch_rows of them */
	struct mail **batch;
	struct message_list pending;    /* oldest first */
	struct message_list waiting;    /* until retry_ms, older still */
	int64_t retry_ms;
	struct domains *domains;
	int64_t refresh_ms;             /* when domains are asked for again */
	struct domains *blocked;        /* senders */
	int64_t blocked_ms;             /* the same of them */
	int64_t down_since_ms;          /* 0: the store is up */
	struct delivery_news told;      /* the last the loop was told of */
	bool has_told;
};

/* ---- lookup.c: what is asked of the database ---------------------------- */

/* Connects if there is need; false where no host can be written now. Tells
 * the loop what has changed. */
bool delivery_connect(struct delivery *d);

/* Tells the loop, the first time and where it has changed, what it should
 * know. Lists are new ones, now the loop's, or NULL. */
void delivery_tell_news(struct delivery *d, struct domains *domains,
			struct domains *blocked);

/* Asks for all of a list of questions, and sends them back. */
void delivery_answer(struct delivery *d, struct queue_link *questions);

/* Runs domains_query when its time has come; a failed one keeps the list. */
void delivery_refresh_domains(struct delivery *d);

/* The same of blocked_senders_query. */
void delivery_refresh_blocked(struct delivery *d);

/* ---- batch.c: messages to rows ----------------------------------------- */

void message_list_append(struct message_list *l, struct message *m);

/* When something has been held for long enough, or is tried again;
 * INT64_MAX where nothing is held. */
int64_t delivery_held_until_ms(struct delivery *d);

/* One batch to the store, or what has been held too long to its end. */
void delivery_serve_pending(struct delivery *d);

#endif
