/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What became of a commit that nobody answered. */
#ifndef STORE_SETTLE_H
#define STORE_SETTLE_H

#include "store/failover.h"
#include "store/in_doubt.h"

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
