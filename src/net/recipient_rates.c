/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A word a cell: a minute that is over is not erased, it only stops to count.
 * What is noted can be taken back, so each note is in all of its cells. */
#include "net/recipient_rates.h"

#include "base/shared_memory.h"

#include <openssl/evp.h>

#include <assert.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

enum {
	COLUMNS = 1 << 15,
	HASH_LEN = 16
};

struct recipient_rates {
	_Atomic uint64_t latest;        /* minute in which any was noted */
	_Atomic uint64_t cells[RECIPIENT_CELLS][COLUMNS]; /* of
					 * connection_rate_write */
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

static uint64_t
load(const _Atomic uint64_t *cell)
{
	return atomic_load_explicit(cell, memory_order_relaxed);
}

static void
store(_Atomic uint64_t *cell, uint64_t word)
{
	atomic_store_explicit(cell, word, memory_order_relaxed);
}

struct connection_rate
recipient_rates_sum(struct recipient_regions all,
		    const struct recipient_cells *c, uint64_t minute)
{
	struct connection_rate sum = { 0, 0 };

	for (unsigned k = 0; k < all.count; k++) {
		const struct recipient_rates *r =
			(const void *)((const char *)all.first +
				       k * all.stride);
		struct connection_rate least = { MOST_A_MINUTE,
						 MOST_A_MINUTE };
		/* Most regions are of no worker, or of an idle one. */
		if (load(&r->latest) + 1 < minute)
			continue;
		for (int i = 0; i < RECIPIENT_CELLS; i++) {
			struct connection_rate one = connection_rate_read(
				load(&r->cells[i][c->at[i]]), minute);
			if (one.now < least.now)
				least.now = one.now;
			if (one.before < least.before)
				least.before = one.before;
		}
		sum.now += least.now;
		sum.before += least.before;
	}
	return sum;
}

void
recipient_rates_note(struct recipient_rates *r,
		     const struct recipient_cells *c, uint64_t minute)
{
	for (int i = 0; i < RECIPIENT_CELLS; i++) {
		_Atomic uint64_t *cell = &r->cells[i][c->at[i]];
		struct connection_rate rate =
			connection_rate_read(load(cell), minute);
		rate.now += rate.now < MOST_A_MINUTE;
		store(cell, connection_rate_write(minute, rate));
	}
	store(&r->latest, minute);
}

void
recipient_rates_take_back(struct recipient_rates *r,
			  const struct recipient_cells *c, uint64_t minute)
{
	for (int i = 0; i < RECIPIENT_CELLS; i++) {
		_Atomic uint64_t *cell = &r->cells[i][c->at[i]];
		uint64_t latest = load(cell) >> 32;
		struct connection_rate rate =
			connection_rate_read(load(cell), latest);
		if (latest == minute)
			rate.now -= rate.now > 0;
		else if (latest == minute + 1)
			rate.before -= rate.before > 0;
		store(cell, connection_rate_write(latest, rate));
	}
}

/* To look at what was never used would make it take memory. */
void
recipient_rates_clear(struct recipient_rates *r, uint64_t from_minute)
{
	_Atomic uint64_t *cells = &r->cells[0][0];
	uint64_t latest = load(&r->latest);

	if (from_minute == 0 || latest == 0 || latest >= from_minute) {
		/* Gives the memory back where the system can. */
		if (madvise(r, recipient_rates_size(), MADV_REMOVE) != 0)
			memset(r, 0, sizeof(*r));
		return;
	}
	for (size_t i = 0; i < (size_t)RECIPIENT_CELLS * COLUMNS; i++)
		if (load(&cells[i]) >> 32 >= from_minute)
			store(&cells[i], 0);
}
