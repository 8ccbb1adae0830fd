/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A word a cell: a minute that is over is not erased, it only stops to count,
 * so what a killed worker noted is forgotten by itself. */
#include "net/recipient_rates.h"

#include "base/shared_memory.h"

#include <openssl/evp.h>
#include <openssl/params.h>

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

enum {
	COLUMNS = 1 << 15,
	MOST_A_MINUTE = 0xffff,
	HASH_LEN = 16
};

struct recipient_rates {
	_Atomic uint64_t cells[RECIPIENT_CELLS][COLUMNS]; /* minute << 32,
					 * then 16 + 16 bits: count in it,
					 * count before it */
};

size_t
recipient_rates_size(void)
{
	return shared_memory_pages(sizeof(struct recipient_rates));
}

/* SipHash, of 128 bits: a hash for each cell. */
struct recipient_cells
recipient_cells_of(struct view key, const uint64_t *secret)
{
	static EVP_MAC_CTX *context;    /* of one thread */
	struct recipient_cells cells;
	uint32_t hash[HASH_LEN / sizeof(uint32_t)] = { 0 };
	size_t len = 0;

	if (context == NULL) {
		EVP_MAC *siphash = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
		context = EVP_MAC_CTX_new(siphash);
		EVP_MAC_free(siphash);
	}
	bool is_made = context != NULL &&
		EVP_MAC_init(context, (const unsigned char *)secret,
			     2 * sizeof(*secret), NULL) == 1 &&
		EVP_MAC_update(context, (const unsigned char *)key.at,
			       key.len) == 1 &&
		EVP_MAC_final(context, (unsigned char *)hash, &len,
			      sizeof(hash)) == 1;
	assert(is_made && len == HASH_LEN);
	(void)is_made;
	for (int i = 0; i < RECIPIENT_CELLS; i++)
		cells.at[i] = hash[i] % COLUMNS;
	return cells;
}

static struct connection_rate
rate_in(uint64_t cell, uint64_t minute)
{
	uint64_t now = cell >> 16 & MOST_A_MINUTE;
	uint64_t before = cell & MOST_A_MINUTE;
	uint32_t age = (uint32_t)minute - (uint32_t)(cell >> 32);

	return age == 0 ? (struct connection_rate){ now, before } :
	       age == 1 ? (struct connection_rate){ 0, now } :
			  (struct connection_rate){ 0, 0 };
}

struct connection_rate
recipient_rates_get(const struct recipient_rates *r,
		    const struct recipient_cells *c, uint64_t minute)
{
	struct connection_rate least = { MOST_A_MINUTE, MOST_A_MINUTE };

	for (int i = 0; i < RECIPIENT_CELLS; i++) {
		struct connection_rate one = rate_in(
			atomic_load_explicit(&r->cells[i][c->at[i]],
					     memory_order_relaxed), minute);
		if (one.now < least.now)
			least.now = one.now;
		if (one.before < least.before)
			least.before = one.before;
	}
	return least;
}

/* Conservatively: only the cells that say the least. */
void
recipient_rates_note(struct recipient_rates *r,
		     const struct recipient_cells *c, uint64_t minute)
{
	uint64_t least = recipient_rates_get(r, c, minute).now;

	for (int i = 0; i < RECIPIENT_CELLS && least < MOST_A_MINUTE; i++) {
		_Atomic uint64_t *cell = &r->cells[i][c->at[i]];
		struct connection_rate rate = rate_in(
			atomic_load_explicit(cell, memory_order_relaxed),
			minute);
		if (rate.now > least)
			continue;
		atomic_store_explicit(cell, minute << 32 |
				      (rate.now + 1) << 16 | rate.before,
				      memory_order_relaxed);
	}
}
