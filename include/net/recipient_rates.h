/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much mail each address (or each domain: another sketch) is sent in a
 * minute: a count-min sketch of fixed size, that no number of addresses makes
 * grow. It never says too little; it says too much for an address whose four
 * cells all hold others' counts as well, of 5,000 in a minute for 1 in 2,000.
 * Written by one worker, read by all. */
#ifndef NET_RECIPIENT_RATES_H
#define NET_RECIPIENT_RATES_H

#include "base/view.h"
#include "net/connection_table.h"

enum { RECIPIENT_CELLS = 4 };

struct recipient_rates;                 /* in shared memory, zeros at first */

/* Bytes of one, in whole pages. */
size_t recipient_rates_size(void);

/* Which cells an address or "@domain" has: nobody can choose one that shares
 * another's without the secret, two words. By one thread of a process. */
struct recipient_cells {
	uint32_t at[RECIPIENT_CELLS];
};
struct recipient_cells recipient_cells_of(struct view key,
					  const uint64_t *secret);

/* Those of all workers, so many bytes apart. */
struct recipient_regions {
	const struct recipient_rates *first;
	size_t stride;
	unsigned count;
};

/* In one minute of the monotonic clock and in the one before, over all regions:
 * never too little. */
struct connection_rate recipient_rates_sum(struct recipient_regions all,
					   const struct recipient_cells *c,
					   uint64_t minute);

/* One more in this minute; and one that was noted in some minute was none. */
void recipient_rates_note(struct recipient_rates *r,
			  const struct recipient_cells *c, uint64_t minute);
void recipient_rates_take_back(struct recipient_rates *r,
			       const struct recipient_cells *c,
			       uint64_t minute);

/* Forgets, for a writer that is dead, what was noted in this minute and later
 * ones; 0: all. */
void recipient_rates_clear(struct recipient_rates *r, uint64_t from_minute);

#endif
