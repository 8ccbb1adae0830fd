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

/* The bounds of a unit, rising, microseconds for seconds; and for each number
 * of bits, 32 standing for all above, the first bound that is not below the
 * least value of so many: no more than one is below the largest. */
struct histogram_scale {
	const uint64_t *bounds;         /* behind them UINT64_MAX */
	size_t count;
	unsigned char first[33];
};

extern const struct histogram_scale histogram_scales[];

/* The first bucket whose bound is not below the value, without a branch that
 * could be foretold wrong. Inline: a mail brings five values. */
static inline size_t
histogram_bucket(enum figure_unit unit, uint64_t value)
{
	const struct histogram_scale *scale = &histogram_scales[unit];
	uint32_t low = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
	/* | 1: 0 has no length that is defined, and the bucket of 1. */
	size_t first = scale->first[32 - __builtin_clz(low | 1)];

	return first + (scale->bounds[first] < value);
}

/* What came since then. */
struct histogram histogram_since(const struct histogram *now,
				 const struct histogram *then);

/* Which value no more than that part of all (0.5: the median) are above, as if
 * those of a bucket were spread evenly; beyond the last bound that bound. 0
 * where there are none. */
double histogram_quantile(const struct histogram *h, enum figure_unit unit,
			  double part);

#endif
