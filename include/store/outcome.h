/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each error of the database demands: the whole policy, as data. */
#ifndef STORE_OUTCOME_H
#define STORE_OUTCOME_H

#include <stdbool.h>

enum demand {
	DEMAND_REPEAT,          /* the whole transaction, in a few ms */
	DEMAND_NEXT_HOST,       /* the same batch on another host */
	DEMAND_SETTLE,          /* nobody knows whether it is stored */
	DEMAND_SPLIT,           /* message by message: one of them is at fault;
				 * alone: refuse this one */
	DEMAND_REREAD,          /* the table is not what it was: read it, try
				 * once more, then refuse */
	DEMAND_FULL,            /* 452 */
	DEMAND_REFUSE           /* the operator must act: 451 for all */
};

struct outcome {
	int error;
	enum demand demand;
	bool may_be_stored;     /* what was sent may be in the table */
	bool is_duplicate;      /* stored already, if it is on our id */
	bool is_messages_own;   /* another message would have passed */
};

/* Never NULL: errors that are not listed have the outcome of their kind. */
const struct outcome *outcome_of(int error);

#endif
