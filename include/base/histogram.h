/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values by size: fixed bounds, one set for each unit. Pure. */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include "base/figures.h"

#include <stddef.h>

enum { HISTOGRAM_BUCKETS = 19 };        /* the last one has no bound */

/* No count of all is kept: it is the sum of the buckets. */
struct histogram {
	uint64_t buckets[HISTOGRAM_BUCKETS]; /* each without those before */
	uint64_t sum;                   /* of the values */
};

/* How many bounds there are; all of them, rising. Microseconds for seconds. */
size_t histogram_bounds(enum figure_unit unit, const uint64_t **out);

/* The first bucket whose bound is not below the value. */
size_t histogram_bucket(enum figure_unit unit, uint64_t value);

/* What came since then. */
struct histogram histogram_since(const struct histogram *now,
				 const struct histogram *then);

/* Which value no more than that part of all (0.5: the median) are above, as if
 * those of a bucket were spread evenly; beyond the last bound that bound. 0
 * where there are none. */
double histogram_quantile(const struct histogram *h, enum figure_unit unit,
			  double part);

#endif
