/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The part of a census that one worker writes and all read: how many
 * connections an address has, and how many it began lately. For census.c. */
#ifndef NET_CENSUS_REGION_H
#define NET_CENSUS_REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct census_region;

/* The same for all regions of a census. */
struct census_shape {
	size_t entries;                 /* a power of two */
	uint64_t secret[2];             /* of the hash */
};

/* Bytes of a region; zeroed memory is an empty one. */
size_t census_region_size(const struct census_shape *shape);

/* Forgets all connections, for a writer that is dead; rates are kept. */
void census_region_clear(const struct census_shape *shape,
			 struct census_region *r);

/* Connections in all. */
uint64_t census_region_total(const struct census_region *r);
void census_region_add(struct census_region *r, int more);

/* Connections of the address with this key, which is not 0. Enter is false
 * where there is no room; leave undoes an enter. */
uint64_t census_region_count(const struct census_shape *shape,
			     struct census_region *r, uint64_t key);
bool census_region_enter(const struct census_shape *shape,
			 struct census_region *r, uint64_t key);
void census_region_leave(const struct census_shape *shape,
			 struct census_region *r, uint64_t key);

/* How many the address began in one minute and in the one before it. */
struct census_rate {
	uint64_t now;
	uint64_t before;
};

/* minute counts minutes of the monotonic clock. */
struct census_rate census_region_rate(const struct census_shape *shape,
				      struct census_region *r, uint64_t key,
				      uint64_t minute);

/* One more in this minute, or the last one taken back. */
struct census_note {
	uint64_t minute;
	int more;                       /* 1 or -1 */
};

void census_region_note(const struct census_shape *shape,
			struct census_region *r, uint64_t key,
			struct census_note note);

#endif
