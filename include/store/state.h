/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a store consists of; for the files of this room. */
#ifndef STORE_STATE_H
#define STORE_STATE_H

#include "base/log.h"
#include "store/events.h"
#include "store/failover.h"
#include "store/in_doubt.h"

#include <stdatomic.h>

struct store {
	const struct store_settings *settings;
	struct scoreboard_slot *slot;
	struct failover failover;
	struct events *events;          /* NULL: nobody is told */
	struct in_doubt_list in_doubt;
	uint64_t commits;               /* that succeeded */
	unsigned failures;              /* of messages, one after the other */
	_Atomic int64_t stop_ms;        /* nothing is tried later; INT64_MAX */
	struct mail **pending;          /* of the save that runs */
	size_t pending_size;
	struct row *rows;               /* of the transaction that runs */
	size_t rows_size;
	struct row *raws;               /* its raw messages, where they have
					 * a table of their own */
	size_t raws_size;
	MYSQL_STMT *recipient_query;    /* prepared on the connection below */
	struct connection *recipient_connection;
	unsigned long recipient_connection_id;
	bool is_broken[LOG_TROUBLES];   /* one of the two queries */
};

/* ---- Which messages go into one transaction together --------------------- */

/* Puts what is to be stored into s->pending, what has failed alone behind
 * the others, and returns how many; the rest has, or now gets, a verdict. */
size_t group_collect(struct store *s, struct mail *const *mails, size_t count);

/* What goes together, in the store's kept arrays. */
struct group {
	size_t mails;
	struct rows rows;       /* none where all recipients are discarded */
	struct rows raws;       /* none without a table of their own */
};

/* So many of the mails, one at least, as fill one statement, by one measure of
 * a row's bytes; one alone may need several. The connection is up. */
struct group group_next(struct store *s, struct mail *const *mails,
			size_t count);

#endif
