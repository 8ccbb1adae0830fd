/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mail expired by partitions. */
#ifndef STORE_RETENTION_PARTITIONS_H
#define STORE_RETENTION_PARTITIONS_H

#include "store/retention_state.h"

/* Those of the table, whose list the caller frees. The kind is
 * PARTITIONS_NONE where rows must be deleted instead. */
struct partitions retention_read_partitions(struct retention *r);

/* Makes those that will be needed, and drops what is over. */
void retention_keep_partitions(struct retention *r, const struct partitions *p,
			       int64_t now_s);

#endif
