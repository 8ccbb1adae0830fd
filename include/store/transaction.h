/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of whole messages in one transaction. */
#ifndef STORE_TRANSACTION_H
#define STORE_TRANSACTION_H

#include "store/failover.h"

/* How far it came. */
struct transaction_end {
	int error;              /* 0: committed */
	bool was_committing;    /* the error came from the statement that
				 * commits: else nothing is stored */
	int64_t took_ms;        /* of the last statement */
};

/* Over link's connection, which must be up. One autocommit statement where
 * all rows fit in it, else BEGIN ... COMMIT. */
struct transaction_end transaction_run(struct failover *l, struct rows rows);

/* Most bytes of one statement on this connection. */
size_t transaction_statement_bytes(const struct failover *l);

#endif
