/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each error of the database asks for: the whole policy, as data. */
#ifndef STORE_OUTCOME_H
#define STORE_OUTCOME_H

#include "base/scoreboard.h"

/* What the database said when it did not do as it was told. */
enum { FAULT_TEXT_SIZE = 320 };

struct store_fault {
	int error;              /* as MySQL numbers them; 0: none */
	const char *table;      /* that it is about; NULL: any */
	char text[FAULT_TEXT_SIZE];
};

/* A fault that we found ourselves, in the database's numbering. */
void fault_set(struct store_fault *f, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

enum store_action {
	ACTION_REPEAT,	  /* the whole transaction, in a few ms */
	ACTION_NEXT_HOST, /* the same batch on another host */
	ACTION_IN_DOUBT,  /* nobody knows whether it is stored */
	ACTION_SPLIT,	  /* message by message: one of them is at fault;
				 * alone: refuse this one */
	ACTION_REREAD,	  /* table or rights are not what they were: look,
				 * try once more, then message by message */
	ACTION_FULL	  /* 452 */
};

enum {
	OUTCOME_MAY_BE_STORED = 1,      /* what was sent may be in the table */
	OUTCOME_IS_DUPLICATE = 2,       /* stored already, if on our id */
	OUTCOME_IS_MESSAGES_OWN = 4,    /* another message would have passed */
	OUTCOME_MUST_LOOK = 8,  /* the statement has ended, and nothing says
				 * that it did not commit: a look tells */
	OUTCOME_IS_TOO_BIG = 16 /* for this host; another may have room */
};

struct outcome {
	int error;
	enum store_action action;
	unsigned error_flags;
};

/* Never NULL: errors that are not listed have the outcome of their kind. */
const struct outcome *outcome_of(int error);

/* Whether the number is the client library's own: the connection is lost, or
 * nobody can trust it any more. */
bool outcome_is_of_client(int error);

/* One more error of the database, by what it asks for. */
void outcome_count(int error, struct scoreboard_slot *slot);

#endif
