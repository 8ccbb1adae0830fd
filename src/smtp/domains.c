/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which domains are ours: a hash set of names, with wildcards kept as the
 * suffix behind their star, dot included. Operators have hundreds of
 * thousands; a look-up costs one probe for each label of what is asked, and a
 * name is read only where its hash is the same: memory is what is slow. */
#include "smtp/domains.h"

#include "base/memory.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 255, FIRST_SLOTS = 16 };

struct slot {
	uint32_t hash;
	uint32_t at;            /* offset in names + 1; 0: free */
};

struct domains {
	char *names;            /* each with its length before it */
	size_t names_len;
	size_t names_size;
	struct slot *slots;
	size_t slot_count;      /* a power of two */
	size_t count;
	bool has_all;           /* "*" */
	atomic_uint others;     /* who have it too */
};

struct domains *
domains_new(void)
{
	return memory_new(1, sizeof(struct domains));
}

void
domains_free(struct domains **d)
{
	struct domains *old = *d;

	*d = NULL;
	if (old == NULL || atomic_fetch_sub(&old->others, 1) != 0)
		return;
	free(old->names);
	free(old->slots);
	free(old);
}

struct domains *
domains_share(struct domains *d)
{
	atomic_fetch_add(&d->others, 1);
	return d;
}

static struct view
name_at(const struct domains *d, uint32_t offset)
{
	const char *name = d->names + offset;

	return (struct view){ name + 1, (unsigned char)name[0] };
}

static uint32_t
hash_of(struct view name)
{
	uint64_t h = 0xcbf29ce484222325;        /* FNV-1a */

	for (size_t i = 0; i < name.len; i++)
		h = (h ^ (unsigned char)name.at[i]) * 0x100000001b3;
	return (uint32_t)(h ^ h >> 32);
}

/* The slot that holds name, or the free one where it would go. */
static struct slot *
find(const struct domains *d, struct view name, uint32_t hash)
{
	size_t mask = d->slot_count - 1;
	size_t i = hash & mask;

	assert(d->slot_count > 0 && (d->slot_count & mask) == 0);
	while (d->slots[i].at != 0 &&
	       (d->slots[i].hash != hash ||
		!view_equal(name_at(d, d->slots[i].at - 1), name)))
		i = (i + 1) & mask;
	return &d->slots[i];
}

static bool
is_there(const struct domains *d, struct view name)
{
	return find(d, name, hash_of(name))->at != 0;
}

bool
domains_add(struct domains *d, struct view pattern)
{
	assert(atomic_load(&d->others) == 0);
	if (view_equal(pattern, VIEW("*"))) {
		d->count += d->has_all ? 0 : 1;
		d->has_all = true;
		return true;
	}
	if (view_starts_nocase(pattern, VIEW("*.")))
		pattern = view_slice(pattern, 1, pattern.len);
	if (pattern.len == 0 || pattern.len > NAME_MAX_BYTES)
		return false;
	/* At most half of the slots are in use. */
	if (d->count * 2 >= d->slot_count) {
		struct slot *old = d->slots;
		size_t old_count = d->slot_count;
		d->slot_count = old_count > 0 ? old_count * 2 : FIRST_SLOTS;
		d->slots = memory_new(d->slot_count, sizeof(*d->slots));
		for (size_t i = 0; i < old_count; i++)
			if (old[i].at != 0)
				*find(d, name_at(d, old[i].at - 1),
				      old[i].hash) = old[i];
		free(old);
	}
	uint32_t hash = hash_of(pattern);
	struct slot *slot = find(d, pattern, hash);
	if (slot->at != 0)
		return true;
	size_t offset = d->names_len;
	if (d->names_size - offset < pattern.len + 1) {
		d->names_size = d->names_size > 0 ? d->names_size * 2 : 1024;
		d->names = memory_resize(d->names, d->names_size);
	}
	d->names[offset] = (char)pattern.len;
	memcpy(d->names + offset + 1, pattern.at, pattern.len);
	d->names_len += pattern.len + 1;
	*slot = (struct slot){ hash, (uint32_t)offset + 1 };
	d->count++;
	return true;
}

bool
domains_match(const struct domains *d, struct view domain)
{
	/* A leading dot would meet the wildcard's own. */
	if (domain.len == 0 || domain.len > NAME_MAX_BYTES ||
	    domain.at[0] == '.')
		return false;
	if (d->has_all || d->slot_count == 0)
		return d->has_all;
	if (is_there(d, domain))
		return true;
	for (size_t i = 1; i < domain.len; i++)
		if (domain.at[i] == '.' &&
		    is_there(d, view_slice(domain, i, domain.len)))
			return true;
	return false;
}

bool
domains_has(const struct domains *d, struct view name)
{
	return d->slot_count > 0 && name.len > 0 &&
	       name.len <= NAME_MAX_BYTES && is_there(d, name);
}

size_t
domains_count(const struct domains *d)
{
	return d->count;
}
