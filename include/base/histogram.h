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

#endif
