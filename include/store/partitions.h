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
};

struct partitions {
	enum partition_kind kind;
	struct partition *at;           /* in ascending order */
	size_t count;
	int64_t interval_s;             /* of those that are to be made */
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

/* Appends the ALTER TABLE that drops what lies wholly before cutoff_s;
 * returns the rows that go with it, or -1 where nothing is to be dropped. */
int64_t partitions_write_drop(const struct partitions *p, const char *table,
			      int64_t cutoff_s, struct buf *sql);

/* "'2026-01-31 23:59:00'" and the like, as text; out has 32 bytes. */
enum { DATE_TEXT_SIZE = 32 };
const char *partitions_date(int64_t seconds, char out[DATE_TEXT_SIZE]);

#endif
