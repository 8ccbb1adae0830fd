/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which partitions a table should have for a retention. Pure. */
#ifndef STORE_PARTITIONS_H
#define STORE_PARTITIONS_H

#include "base/buf.h"

#include <stdint.h>

/* How a table is cut by `date`. */
enum partition_kind {
	PARTITIONS_NONE,                /* or in a way that we do not know */
	PARTITIONS_COLUMNS,             /* RANGE COLUMNS (`date`) */
	PARTITIONS_TO_DAYS,
	PARTITIONS_TO_SECONDS,
	PARTITIONS_UNIX_TIMESTAMP
};

enum { PARTITION_NAME_SIZE = 65 * 4 };

struct partition {
	char name[PARTITION_NAME_SIZE];
	int64_t below_s;                /* UTC seconds; INT64_MAX: MAXVALUE */
	uint64_t rows;                  /* about */
	uint64_t bytes;                 /* about */
};

struct partitions {
	enum partition_kind kind;
	struct partition *at;           /* in ascending order */
	size_t count;
	int64_t interval_s;             /* of those that are to be made */
	int64_t cutoff_s;               /* those that end by then may go */
};

/* From PARTITION_METHOD and PARTITION_EXPRESSION. */
enum partition_kind partitions_kind(struct view method,
				    struct view expression);

/* From PARTITION_DESCRIPTION; false for one that cannot be read. */
bool partitions_boundary(enum partition_kind kind, struct view description,
			 int64_t *below_s_out);

/* Seconds that one partition covers: a quarter of the retention or less, on
 * a round clock. */
int64_t partitions_interval(enum partition_kind kind, int64_t retention_s);

/* Appends the ALTER TABLE that makes partitions three intervals ahead; false
 * where there are enough. `table` is quoted already. */
bool partitions_write_new(const struct partitions *p, const char *table,
			  int64_t now_s, struct buf *sql);

/* The last one, if it takes all that no other does; else NULL. */
const struct partition *partitions_catch_all(const struct partitions *p);

/* How many lie wholly before cutoff_s and may be dropped, from the first. */
size_t partitions_expired(const struct partitions *p, int64_t cutoff_s);

/* Whether what is older than cutoff_s lies in a partition that also has much
 * that is not: then its rows must go one by one. */
bool partitions_are_coarse(const struct partitions *p, int64_t cutoff_s,
			   int64_t retention_s);

/* Appends the ALTER TABLE that drops the first count, above 0; returns about
 * how many rows go with them. */
uint64_t partitions_write_drop(const struct partitions *p, const char *table,
			       size_t count, struct buf *sql);

/* "'2026-01-31 23:59:00'" and the like, as text; out has 32 bytes. */
enum { DATE_TEXT_SIZE = 32 };
const char *partitions_date(int64_t seconds, char out[DATE_TEXT_SIZE]);

#endif
