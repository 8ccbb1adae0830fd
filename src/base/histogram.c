/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bounds far enough apart that a few dozen words tell a distribution. */
#include "base/histogram.h"

#define SECOND UINT64_C(1000000)
#define NO_BOUND UINT64_MAX

static const uint64_t seconds[] = {
	100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000,
	500000, SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND, 20 * SECOND,
	50 * SECOND, NO_BOUND
};

static const uint64_t bytes[] = {
	1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 24,
	1 << 26, NO_BOUND
};

static const uint64_t numbers[] = { 1, 2, 4, 8, 16, 32, 64, 128,
				    NO_BOUND };

const struct histogram_scale histogram_scales[] = {
	[UNIT_NONE] = { numbers, sizeof(numbers) / sizeof(*numbers) - 1, {
		0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8,
		8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8 } },
	[UNIT_BYTES] = { bytes, sizeof(bytes) / sizeof(*bytes) - 1, {
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5,
		5, 6, 6, 7, 7, 8, 8, 9, 9, 9, 9, 9 } },
	[UNIT_SECONDS] = { seconds, sizeof(seconds) / sizeof(*seconds) - 1, {
		0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10, 11,
		12, 13, 14, 14, 15, 16, 17, 18, 18, 18, 18, 18, 18 } },
};

_Static_assert(sizeof(seconds) / sizeof(*seconds) == HISTOGRAM_BUCKETS,
	       "the most bounds, and what is beyond them");

struct histogram
histogram_since(const struct histogram *now, const struct histogram *then)
{
	struct histogram h = { .sum = now->sum > then->sum
		? now->sum - then->sum : 0 };

	/* They grow, unless another began to count anew. */
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		h.buckets[i] = now->buckets[i] > then->buckets[i]
			? now->buckets[i] - then->buckets[i] : 0;
	return h;
}

double
histogram_quantile(const struct histogram *h, enum figure_unit unit,
		   double part)
{
	const uint64_t *at = histogram_scales[unit].bounds;
	size_t count = histogram_scales[unit].count;
	double all = 0, below = 0;

	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		all += (double)h->buckets[i];
	for (size_t i = 0; i < count && all > 0; i++) {
		double here = (double)h->buckets[i];
		double low = i > 0 ? (double)at[i - 1] : 0;
		if (here > 0 && below + here >= part * all)
			return low + ((double)at[i] - low) *
				     (part * all - below) / here;
		below += here;
	}
	return all > 0 ? (double)at[count - 1] : 0;
}
