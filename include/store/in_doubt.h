/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages that may be in the table although nobody said so. */
#ifndef STORE_IN_DOUBT_H
#define STORE_IN_DOUBT_H

#include "mail.h"
#include "store/failover.h"

/* The connection whose commit did not come to its end. */
struct lost_connection {
	struct server server;
	unsigned long id;
	bool is_known;          /* false: whoever sent it is long gone */
};

/* A message that something has gone wrong with. */
struct in_doubt {
	char id[MAIL_ID_LEN + 1];
	struct lost_connection lost;
	int64_t since_ms;       /* that connection was lost */
	bool may_be_stored;     /* false: it only failed */
	bool has_cost_connection; /* it, or one that was sent with it */
	unsigned timeouts;      /* of its statements */
	bool is_given_up;       /* not tried again */
	unsigned failures;      /* alone, with others stored in between */
	uint64_t commits;       /* of the store, when it failed last */
	struct store_fault fault; /* then; error 0: none that is known */
};

struct in_doubt_list {
	struct in_doubt *at;
	size_t count;
};

void in_doubt_deinit(struct in_doubt_list *d);

/* NULL where nothing has gone wrong. Valid until the next change. */
struct in_doubt *in_doubt_find(const struct in_doubt_list *d,
			       const struct message *m);

/* Finds or adds. Never NULL; valid until the next change. */
struct in_doubt *in_doubt_add(struct in_doubt_list *d,
			      const struct message *m);

/* Forgets it, if it is there. */
void in_doubt_remove(struct in_doubt_list *d, const struct message *m);

/* Its commit was sent on that connection, and nobody answered. */
void in_doubt_lost(struct in_doubt *d, const struct lost_connection *lost);

/* The lost connection as text, for another process; false where none is
 * known. */
enum { LOST_TEXT_SIZE = 2 * NAME_SIZE + 128 };
bool in_doubt_write(const struct in_doubt *d, char out[LOST_TEXT_SIZE]);

/* The message may be in the table, by a commit of another process: of text,
 * as it was written, or one of that nothing is known where it is empty. */
void in_doubt_suspect(struct in_doubt *d, struct view text);

enum settled { SETTLED_STORED, SETTLED_ABSENT, SETTLED_UNKNOWN };

/* Whether the message may be sent now: STORED, it is there; ABSENT, it may;
 * UNKNOWN, not now. Only with a connection, which it may lose. stop_ms:
 * INT64_MAX, or when the process ends: what has timed out before is not tried
 * again then, nor when it was held enough. */
enum settled in_doubt_settle(struct failover *l, struct in_doubt *d,
			     const struct message *m, int64_t stop_ms);

/* After an error for the message alone: whether its row is there; UNKNOWN with
 * the connection's fault. Where the error was 1062, whether that row is the
 * message's own. */
enum settled in_doubt_look(struct failover *l, const struct message *m);
enum settled in_doubt_duplicate(struct failover *l, const struct message *m);

#endif
