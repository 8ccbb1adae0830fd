/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a retention consists of, for its two ways. */
#ifndef STORE_RETENTION_STATE_H
#define STORE_RETENTION_STATE_H

#include "store/partitions.h"
#include "store/retention.h"
#include "store/state.h"

enum { RETENTION_MOST_ROUND_MS = 60 * 1000,
       RETENTION_ELSEWHERE_MS = 30 * 1000, /* another machine does it */
       RETENTION_SQL_MAX = 1024 * 1024 };

struct retention {
	struct store *store;
	bool has_told_no_index;
	unsigned busy_rounds;           /* ALTERs that found no moment */
	unsigned long locked_by;        /* connection that holds the lock */
	bool has_told_copy;
	bool has_more;                  /* the round goes on */
	uint64_t round_rows;            /* deleted in it */
	unsigned hurry;                 /* 0 to FASTEST */
	int64_t lag_s;                  /* of the oldest row, beyond its time */
	int64_t lag_look_ms;
};

/* ---- Mail expired by partitions ------------------------------------------ */

/* Those of the table, whose list the caller frees. The kind is
 * PARTITIONS_NONE where rows must be deleted instead. */
struct partitions retention_read_partitions(struct retention *r);

/* Makes those that will be needed, and drops what is over. */
void retention_keep_partitions(struct retention *r, const struct partitions *p,
			       int64_t now_s);

#endif
