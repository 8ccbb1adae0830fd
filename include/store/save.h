/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attempts to store messages, and what each outcome leads to. */
#ifndef STORE_SAVE_H
#define STORE_SAVE_H

#include "store/state.h"

/* One call of store_save. */
struct attempt {
	struct store *store;
	int64_t deadline_ms;
	bool has_reread;                /* the table, in this call */
	unsigned repeats;               /* of the group that runs */
	unsigned commits_failed;        /* 1180, of that group */
	unsigned losses;                /* of the connection, in this call */
};

/* Messages that go into one transaction together. */
struct group {
	struct mail **mails;
	size_t count;
};

/* Sets verdicts; those left at VERDICT_NONE are to be tried again. False
 * where no more can be done in this call. */
bool save_group(struct attempt *a, struct group g);

/* Settles a message in doubt on a table without UNIQUE id, and says whether
 * it may be sent now. */
bool save_may_send(struct attempt *a, struct mail *mail);

#endif
