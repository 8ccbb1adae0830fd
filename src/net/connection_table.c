/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One worker's counts in shared memory. There is one writer, so no lock is
 * needed: entries are read and written a word at a time, and who reads looks
 * at the key again after the count.
 *
 * An address stands in a window of entries that begins where a secret hash
 * says, so that nobody can choose addresses that collide. */
#include "net/connection_table.h"

#include "base/shared_memory.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

enum {
	WINDOW = 32,            /* entries looked at for one address */
	RATE_ENTRIES = 8192,    /* addresses seen of late */
	RATE_WINDOW = 8
};

static_assert(ATOMIC_LLONG_LOCK_FREE == 2,
	      "a lock inside an atomic would not be shared by processes");

/* Where count is 0 the entry may be taken by another address; where key is 0
 * nothing stands behind it either. */
struct active {
	_Atomic uint64_t key;
	_Atomic uint64_t count;
};

struct recent {
	_Atomic uint64_t key;
	_Atomic uint64_t minutes;       /* of connection_rate_write */
};

/* The active ones follow on a page of their own. */
struct connection_region {
	_Atomic uint64_t total;         /* never below their sum */
	_Atomic uint64_t addresses;     /* with a connection */
	_Atomic uint64_t last_minute;   /* in which recent[] changed */
	struct recent recent[RATE_ENTRIES];
};

static struct active *
active_of(struct connection_table t)
{
	return (void *)((char *)t.at + shared_memory_pages(sizeof(*t.at)));
}

size_t
connection_table_size(size_t entries)
{
	return shared_memory_pages(sizeof(struct connection_region)) +
	       shared_memory_pages(entries * sizeof(struct active));
}

void
connection_table_clear(struct connection_table t, uint64_t from_minute)
{
	size_t size = t.entries * sizeof(struct active);

	/* All of it, whatever the total says: the writer may have lied. The
	 * system gives zeros without touching a page, where it can. */
	t.at->total = 0;
	t.at->addresses = 0;
	if (madvise(active_of(t), shared_memory_pages(size),
		    MADV_REMOVE) != 0)
		memset(active_of(t), 0, size);
	for (size_t i = 0; i < RATE_ENTRIES; i++) {
		struct recent *e = &t.at->recent[i];
		if (e->minutes >> 32 < from_minute)
			continue;
		e->key = 0;
		e->minutes = 0;
	}
	if (t.at->last_minute >= from_minute)
		t.at->last_minute = from_minute - 1;
}

uint64_t
connection_table_total(struct connection_table t)
{
	return t.at->total;
}

uint64_t
connection_table_addresses(struct connection_table t)
{
	return t.at->addresses;
}

/* There is one writer: what matters is that the store is seen by the others
 * before the writer goes on to read theirs. */
static void
add(_Atomic uint64_t *count, int more)
{
	atomic_store(count, *count + (uint64_t)(int64_t)more);
}

void
connection_table_add(struct connection_table t, int more)
{
	assert(more > 0 || t.at->total > 0);
	add(&t.at->total, more);
}

/* Mixes the secret in twice with a multiplication between: cheap, and not to
 * be foreseen by who does not know it. */
static uint64_t
hash(struct connection_table t, uint64_t key)
{
	uint64_t h = (key ^ t.secret[0]) * 0x9e3779b97f4a7c15u;

	h = (h ^ h >> 32 ^ t.secret[1]) * 0xd6e8feb86659fd93u;
	return h ^ h >> 32;
}

/* ---- Connections -------------------------------------------------------- */

/* The entry of the address; NULL, and in *free_out one that it may take (or
 * NULL), where it has none. */
static struct active *
find_active(struct connection_table t, uint64_t key, struct active **free_out)
{
	struct active *active = active_of(t);
	size_t start = hash(t, key), mask = t.entries - 1;

	assert(key != 0 && (t.entries & mask) == 0);
	*free_out = NULL;
	for (size_t i = 0; i < WINDOW; i++) {
		struct active *e = &active[(start + i) & mask];
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
connection_table_count(struct connection_table t, uint64_t key)
{
	struct active *ignored;

	if (t.at->total == 0)
		return 0;
	struct active *e = find_active(t, key, &ignored);
	uint64_t count = e != NULL ? e->count : 0;
	/* Given to another address meanwhile: it was 0 for ours. */
	return e != NULL && e->key == key ? count : 0;
}

bool
connection_table_enter(struct connection_table t, uint64_t key)
{
	struct active *unused;
	struct active *e = find_active(t, key, &unused);

	if (e == NULL && unused == NULL)
		return false;
	if (e == NULL) {
		e = unused;
		e->key = key;
	}
	if (e->count == 0)
		add(&t.at->addresses, 1);
	add(&e->count, 1);
	return true;
}

void
connection_table_leave(struct connection_table t, uint64_t key)
{
	struct active *ignored, *active = active_of(t);
	struct active *e = find_active(t, key, &ignored);
	size_t mask = t.entries - 1;

	assert(e != NULL && e->count > 0);
	add(&e->count, -1);
	if (e->count > 0)
		return;
	add(&t.at->addresses, -1);
	size_t i = (size_t)(e - active);
	/* Given back, where nothing stands behind it that is found by way of
	 * it, and those before it likewise: so searches stay short. */
	if (active[(i + 1) & mask].key != 0)
		return;
	while (active[i].count == 0 && active[i].key != 0) {
		active[i].key = 0;
		i = (i - 1) & mask;
	}
}

/* ---- Rates -------------------------------------------------------------- */

uint64_t
connection_rate_write(uint64_t minute, struct connection_rate rate)
{
	return minute << 32 | rate.now << 16 | rate.before;
}

struct connection_rate
connection_rate_read(uint64_t word, uint64_t minute)
{
	uint64_t written = word >> 32, now = word >> 16 & MOST_A_MINUTE;

	if (written == minute)
		return (struct connection_rate){ now, word & MOST_A_MINUTE };
	return (struct connection_rate){ 0, written + 1 == minute ? now : 0 };
}

/* The entry of the address, or NULL, and in *oldest_out the one that tells
 * least. */
static struct recent *
find_recent(struct connection_table t, uint64_t key,
	    struct recent **oldest_out)
{
	size_t start = hash(t, key);
	uint64_t oldest = UINT64_MAX;

	*oldest_out = &t.at->recent[start % RATE_ENTRIES];
	for (size_t i = 0; i < RATE_WINDOW; i++) {
		struct recent *e = &t.at->recent[(start + i) % RATE_ENTRIES];
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

struct connection_rate
connection_table_rate(struct connection_table t, uint64_t key, uint64_t minute)
{
	struct connection_rate none = { 0, 0 };
	struct recent *ignored;

	/* Where nothing is new no page need be touched. */
	if (t.at->last_minute + 1 < minute)
		return none;
	struct recent *e = find_recent(t, key, &ignored);
	uint64_t minutes = e != NULL ? e->minutes : 0;
	return e == NULL || e->key != key ? none :
	       connection_rate_read(minutes, minute);
}

void
connection_table_note(struct connection_table t, uint64_t key, uint64_t minute,
		      int more)
{
	struct recent *oldest;
	struct recent *e = find_recent(t, key, &oldest);

	if (e == NULL) {
		e = oldest;
		e->minutes = 0;
		e->key = key;
	}
	struct connection_rate rate = connection_rate_read(e->minutes, minute);
	if (more > 0 ? rate.now < MOST_A_MINUTE : rate.now > 0)
		rate.now += (uint64_t)(int64_t)more;
	e->minutes = connection_rate_write(minute, rate);
	t.at->last_minute = minute;
}

uint64_t
connection_rate_of_last_minute(struct connection_rate rate, int64_t now_ms)
{
	uint64_t left = MINUTE_MS - (uint64_t)now_ms % MINUTE_MS;

	return rate.now + (rate.before * left + MINUTE_MS - 1) / MINUTE_MS;
}
