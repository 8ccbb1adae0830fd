/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One worker's counts in shared memory. There is one writer, so no lock is
 * needed: entries are read and written a word at a time, and who reads looks
 * at the key again after the count.
 *
 * An address stands in a window of entries that begins where a secret hash
 * says, so that nobody can choose addresses that collide. */
#include "net/census_region.h"

#include <assert.h>
#include <stdatomic.h>

enum {
	WINDOW = 32,            /* entries looked at for one address */
	RATE_ENTRIES = 8192,    /* addresses seen lately */
	RATE_WINDOW = 8,
	MOST_A_MINUTE = 0xffff
};

static_assert(ATOMIC_LLONG_LOCK_FREE == 2,
	      "a lock inside an atomic would not be shared by processes");

/* Where count is 0 the entry may be taken by another address; where key is 0
 * nothing stands behind it either. */
struct here {
	_Atomic uint64_t key;
	_Atomic uint64_t count;
};

struct lately {
	_Atomic uint64_t key;
	_Atomic uint64_t minutes;       /* minute << 32, then 16 + 16 bits:
					 * count in it, count before it */
};

struct census_region {
	_Atomic uint64_t total;         /* never below the sum of here[] */
	_Atomic uint64_t last_minute;   /* in which lately[] changed */
	struct lately lately[RATE_ENTRIES];
	struct here here[];
};

size_t
census_region_size(const struct census_shape *shape)
{
	return sizeof(struct census_region) +
	       shape->entries * sizeof(struct here);
}

void
census_region_clear(const struct census_shape *shape, struct census_region *r)
{
	/* Where there are no connections no page need be touched. */
	for (size_t i = 0; i < shape->entries && r->total > 0; i++) {
		r->here[i].count = 0;
		r->here[i].key = 0;
	}
	r->total = 0;
}

uint64_t
census_region_total(const struct census_region *r)
{
	return r->total;
}

/* There is one writer: what matters is that the store is seen by the others
 * before the writer goes on to read theirs. */
static void
add(_Atomic uint64_t *count, int more)
{
	atomic_store(count, *count + (uint64_t)(int64_t)more);
}

void
census_region_add(struct census_region *r, int more)
{
	assert(more > 0 || r->total > 0);
	add(&r->total, more);
}

/* Mixes the secret in twice with a multiplication between: cheap, and not to
 * be foreseen by who does not know it. */
static uint64_t
hash(const struct census_shape *shape, uint64_t key)
{
	uint64_t h = (key ^ shape->secret[0]) * 0x9e3779b97f4a7c15u;

	h = (h ^ h >> 32 ^ shape->secret[1]) * 0xd6e8feb86659fd93u;
	return h ^ h >> 32;
}

/* ---- Connections -------------------------------------------------------- */

/* The entry of the address; NULL, and in *free_out one that it may take (or
 * NULL), where it has none. */
static struct here *
find_here(const struct census_shape *shape, struct census_region *r,
	  uint64_t key, struct here **free_out)
{
	size_t start = hash(shape, key), mask = shape->entries - 1;

	*free_out = NULL;
	for (size_t i = 0; i < WINDOW; i++) {
		struct here *e = &r->here[(start + i) & mask];
		uint64_t found = e->key;
		if (found == key)
			return e;
		if (*free_out == NULL && e->count == 0)
			*free_out = e;
		if (found == 0)
			break;
	}
	return NULL;
}

uint64_t
census_region_count(const struct census_shape *shape,
		    struct census_region *r, uint64_t key)
{
	struct here *ignored;

	if (r->total == 0)
		return 0;
	struct here *e = find_here(shape, r, key, &ignored);
	uint64_t count = e != NULL ? e->count : 0;
	/* Given to another address meanwhile: it was 0 for ours. */
	return e != NULL && e->key == key ? count : 0;
}

bool
census_region_enter(const struct census_shape *shape,
		    struct census_region *r, uint64_t key)
{
	struct here *unused;
	struct here *e = find_here(shape, r, key, &unused);

	if (e == NULL && unused == NULL)
		return false;
	if (e == NULL) {
		e = unused;
		e->key = key;
	}
	add(&e->count, 1);
	return true;
}

/* Gives back this entry, if it is empty and nothing stands behind it that is
 * found by way of it, and those before it likewise: so searches stay short. */
static void
tidy(const struct census_shape *shape, struct census_region *r,
     const struct here *e)
{
	size_t mask = shape->entries - 1, i = (size_t)(e - r->here);

	if (r->here[(i + 1) & mask].key != 0)
		return;
	while (r->here[i].count == 0 && r->here[i].key != 0) {
		r->here[i].key = 0;
		i = (i - 1) & mask;
	}
}

void
census_region_leave(const struct census_shape *shape,
		    struct census_region *r, uint64_t key)
{
	struct here *ignored;
	struct here *e = find_here(shape, r, key, &ignored);

	assert(e != NULL && e->count > 0);
	add(&e->count, -1);
	tidy(shape, r, e);
}

/* ---- Rates -------------------------------------------------------------- */

static uint64_t
pack(uint64_t minute, struct census_rate rate)
{
	return minute << 32 | rate.now << 16 | rate.before;
}

/* The counts as they are in this minute, whenever they were written. */
static struct census_rate
in_minute(uint64_t minutes, uint64_t minute)
{
	uint64_t written = minutes >> 32, now = minutes >> 16 & 0xffff;

	if (written == minute)
		return (struct census_rate){ now, minutes & 0xffff };
	return (struct census_rate){ 0, written + 1 == minute ? now : 0 };
}

/* The entry of the address, or NULL, and in *oldest_out the one that tells
 * least. */
static struct lately *
find_lately(const struct census_shape *shape, struct census_region *r,
	    uint64_t key, struct lately **oldest_out)
{
	size_t start = hash(shape, key);
	uint64_t oldest = UINT64_MAX;

	*oldest_out = &r->lately[start % RATE_ENTRIES];
	for (size_t i = 0; i < RATE_WINDOW; i++) {
		struct lately *e = &r->lately[(start + i) % RATE_ENTRIES];
		if (e->key == key)
			return e;
		uint64_t minutes = e->minutes;
		if (minutes < oldest) {
			oldest = minutes;
			*oldest_out = e;
		}
	}
	return NULL;
}

struct census_rate
census_region_rate(const struct census_shape *shape, struct census_region *r,
		   uint64_t key, uint64_t minute)
{
	struct census_rate none = { 0, 0 };
	struct lately *ignored;

	/* Where nothing is new no page need be touched. */
	if (r->last_minute + 1 < minute)
		return none;
	struct lately *e = find_lately(shape, r, key, &ignored);
	uint64_t minutes = e != NULL ? e->minutes : 0;
	return e != NULL && e->key == key ? in_minute(minutes, minute) : none;
}

void
census_region_note(const struct census_shape *shape, struct census_region *r,
		   uint64_t key, struct census_note n)
{
	struct lately *oldest;
	struct lately *e = find_lately(shape, r, key, &oldest);

	if (e == NULL) {
		e = oldest;
		e->minutes = 0;
		e->key = key;
	}
	struct census_rate rate = in_minute(e->minutes, n.minute);
	if (n.more > 0 ? rate.now < MOST_A_MINUTE : rate.now > 0)
		rate.now += (uint64_t)(int64_t)n.more;
	e->minutes = pack(n.minute, rate);
	r->last_minute = n.minute;
}
