/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages that may be in the table although nobody said so. */
#ifndef STORE_IN_DOUBT_H
#define STORE_IN_DOUBT_H

#include "mail.h"
#include "store/connection.h"

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

#endif
