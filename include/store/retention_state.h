/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a retention consists of, for its two ways. */
#ifndef STORE_RETENTION_STATE_H
#define STORE_RETENTION_STATE_H

#include "store/partitions.h"
#include "store/retention.h"
#include "store/state.h"

enum { RETENTION_MOST_ROUND_MS = 60 * 1000,
       RETENTION_ELSEWHERE_MS = 30 * 1000, /* another machine does it */
       /* When all is looked through again: what came out of the spool. */
       RETENTION_WHOLE_WALK_MS = 3600 * 1000,
       RETENTION_SQL_MAX = 1024 * 1024 };

/* A raw message in the order in which they go. Zeros: before all. */
struct raw_place {
	int64_t date_s;
	char hash[MAIL_ID_LEN + 1];
};

/* How long the rows of a class are kept, and how far it has come. */
struct retention_class {
	int64_t keep_s;
	int64_t low_s;                  /* 0: at the index's beginning */
	struct raw_place raw;           /* in raw_table */
};

struct retention {
	struct store *store;
	bool has_told_no_index;
	unsigned busy_rounds;           /* ALTERs that found no moment */
	unsigned long locked_by;        /* connection that holds the lock */
	bool has_told_copy;
	bool has_more;                  /* the round goes on */
	uint64_t round_rows;            /* deleted in it */
	unsigned hurry;                 /* 0 to FASTEST of retention.c */
	int64_t lag_s;                  /* of the oldest row, beyond its time */
	int64_t lag_look_ms;

	bool has_more_raws;
	size_t raw_class;               /* that walks through raw_table */
	int64_t whole_raws_ms;
	bool has_told_raw_dates;

	/* One, or more where it hangs on the domain. */
	struct retention_class *classes;
	size_t class_count;
	size_t class_now;
	int64_t whole_walk_ms;          /* when all is looked through again */
};

/* The function that turns the table's `date` into seconds; "": it is them.
 * The table has that column. */
const char *retention_seconds(const struct table *t);

/* Seconds as the table's `date` has them, for a statement. */
const char *retention_date(const struct table *t, int64_t seconds,
			   char out[DATE_TEXT_SIZE]);

/* Runs a DELETE, whose text it ends and releases. Rows that went; -1 with the
 * connection's fault. */
int64_t retention_delete(const struct retention *r, struct buf *sql);

/* ---- Mail expired by its domain, row by row ------------------------------ */

struct retention_batch {
	int most;                       /* rows that may go */
	int64_t rows;                   /* that went; -1: the connection's
					 * fault */
	int64_t lag_s;                  /* of what is left, at least */
};

/* One batch; false where the round ends with it. Rows that are kept dropped_s
 * seconds go by partitions; -1: none does. */
bool retention_walk(struct retention *r, int64_t now_s, int64_t dropped_s,
		    struct retention_batch *b);

/* ---- Mail expired by partitions ------------------------------------------ */

/* Those of the table, whose list the caller frees. The kind is
 * PARTITIONS_NONE where rows must be deleted instead. */
struct partitions retention_read_partitions(struct retention *r,
					    const struct table *t);

/* Makes those that will be needed, and drops those that may go. */
void retention_keep_partitions(struct retention *r, const struct table *t,
			       const struct partitions *p, int64_t now_s);

/* ---- Raw messages that have a table of their own ------------------------- */

/* One batch; false where no more can go now. Rows, or raw messages, that are
 * kept so many seconds go by partitions; -1: none do. */
bool retention_walk_raws(struct retention *r, int64_t now_s,
			 int64_t rows_dropped_s, int64_t raws_dropped_s);

#endif
