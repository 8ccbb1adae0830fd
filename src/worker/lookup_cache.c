/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers of recipient_query in a table of fixed size: a set of four places
 * for each hash, of which the one that expires first gives way. */
#include "worker/lookup_cache.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
	SETS = 1024,
	PLACES = 4,
	KEEP_ROW_MS = 60 * 1000,
	KEEP_NO_ROW_MS = 5 * 1000
};

struct entry {
	char *key;
	size_t len;
	int64_t until_ms;
	bool is_row;
};

struct lookup_cache {
	uint64_t secret;        /* no sender can aim at one set */
	struct entry entries[SETS][PLACES];
};

struct lookup_cache *
lookup_cache_new(void)
{
	struct lookup_cache *c = memory_new(1, sizeof(*c));

	if (getrandom(&c->secret, sizeof(c->secret), 0) < 0)
		c->secret = (uint64_t)(uintptr_t)c;
	return c;
}

void
lookup_cache_free(struct lookup_cache **c)
{
	if (*c == NULL)
		return;
	for (size_t i = 0; i < (size_t)SETS * PLACES; i++)
		free((*c)->entries[i / PLACES][i % PLACES].key);
	free(*c);
	*c = NULL;
}

static size_t
set_of(const struct lookup_cache *c, struct view key)
{
	uint64_t h = c->secret;

	for (size_t i = 0; i < key.len; i++)
		h = ((h ^ (unsigned char)key.at[i]) + (h << 7)) *
			0x9e3779b97f4a7c15u;
	return (size_t)(h >> 40) % SETS;
}

int
lookup_cache_find(const struct lookup_cache *c, struct view key,
		  int64_t now_ms)
{
	const struct entry *set = c->entries[set_of(c, key)];

	for (size_t i = 0; i < PLACES; i++)
		if (set[i].key != NULL && set[i].until_ms > now_ms &&
		    view_equal((struct view){ set[i].key, set[i].len }, key))
			return set[i].is_row;
	return -1;
}

void
lookup_cache_keep(struct lookup_cache *c, struct view key, bool is_row,
		  int64_t now_ms)
{
	struct entry *set = c->entries[set_of(c, key)];
	struct entry *e = set;

	for (size_t i = 0; i < PLACES; i++) {
		if (set[i].key != NULL &&
		    view_equal((struct view){ set[i].key, set[i].len }, key)) {
			e = &set[i];
			break;
		}
		if (set[i].until_ms < e->until_ms)
			e = &set[i];
	}
	e->key = memory_resize(e->key, key.len > 0 ? key.len : 1);
	if (key.len > 0)
		memcpy(e->key, key.at, key.len);
	e->len = key.len;
	e->is_row = is_row;
	e->until_ms = now_ms + (is_row ? KEEP_ROW_MS : KEEP_NO_ROW_MS);
}
