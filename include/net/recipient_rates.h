/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much mail each address, and each domain, is sent in a minute: a sketch
 * of fixed size (count-min, updated conservatively), that no number of
 * addresses makes grow. It never says too little; it says too much for an
 * address whose four cells all hold others' counts as well, of 5,000 in a
 * minute for 1 in 2,000. Written by one worker, read by all. */
#ifndef NET_RECIPIENT_RATES_H
#define NET_RECIPIENT_RATES_H

#include "base/view.h"
#include "net/connection_table.h"

enum { RECIPIENT_CELLS = 4 };

struct recipient_rates;                 /* in shared memory, zeros at first */

/* Bytes of one, in whole pages. */
size_t recipient_rates_size(void);

/* Which cells an address or "@domain" has: nobody can choose one that shares
 * another's without the secret, two words. */
struct recipient_cells {
	uint32_t at[RECIPIENT_CELLS];
};
struct recipient_cells recipient_cells_of(struct view key,
					  const uint64_t *secret);

/* In one minute of the monotonic clock and in the one before. */
struct connection_rate recipient_rates_get(const struct recipient_rates *r,
					   const struct recipient_cells *c,
					   uint64_t minute);

/* One more in this minute. */
void recipient_rates_note(struct recipient_rates *r,
			  const struct recipient_cells *c, uint64_t minute);

#endif
