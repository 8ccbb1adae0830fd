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
	size_t host;
	bool is_known;          /* false: whoever sent it is long gone */
};

struct in_doubt {
	char id[MAIL_ID_LEN + 1];
	struct lost_connection lost;
	int64_t since_ms;
	bool may_be_stored;     /* false: it only timed out */
	unsigned timeouts;
	bool is_given_up;       /* timed out twice: not tried again */
};

struct in_doubt_list {
	struct in_doubt *at;
	size_t count;
	size_t size;
};

void in_doubt_deinit(struct in_doubt_list *d);

/* NULL where there is no doubt. Valid until the next change. */
struct in_doubt *in_doubt_find(const struct in_doubt_list *d,
			       const struct message *m);

/* Adds a doubt, or gives the one there is its newer connection. */
struct in_doubt *in_doubt_add(struct in_doubt_list *d, const struct message *m,
			      const struct lost_connection *lost);
void in_doubt_remove(struct in_doubt_list *d, const struct message *m);

enum settled { SETTLED_STORED, SETTLED_ABSENT, SETTLED_UNKNOWN };

/* Whether a row of the message is in the table now; UNKNOWN where the
 * database does not say. */
enum settled settle_look(struct failover *l, const struct message *m);

/* After 1062 for a message alone: whether it is our own row that is there. */
enum settled settle_duplicate(struct failover *l, const struct message *m);

/* For a table without a UNIQUE id, before anything is sent again: makes an
 * end of the lost connection and looks. UNKNOWN: not now. */
enum settled settle_by_looking(struct failover *l, const struct in_doubt *d,
			       const struct message *m);

#endif
