/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The part of the connection limits that one worker writes and all read: how
 * many connections an address has, and how many it began of late. For
 * connection_limits.c. */
#ifndef NET_CONNECTION_TABLE_H
#define NET_CONNECTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct connection_region;

/* A region as a process finds it; passed by value. */
struct connection_table {
	struct connection_region *at;   /* zeroed memory is an empty one */
	size_t entries;                 /* a power of two */
	const uint64_t *secret;         /* two words, of the hash */
};

/* Bytes of a region, in whole pages. */
size_t connection_table_size(size_t entries);

/* Forgets all connections, for a writer that is dead; rates are kept but for
 * those of this minute and later ones, which are yet to come. */
void connection_table_clear(struct connection_table t, uint64_t from_minute);

/* Connections in all, and addresses that have one; for any reader. Add is the
 * writer's: one more (1) or one less (-1) in all. */
uint64_t connection_table_total(struct connection_table t);
uint64_t connection_table_addresses(struct connection_table t);
void connection_table_add(struct connection_table t, int more);

/* Connections of the address with this key, which is not 0; for any reader.
 * Enter, the writer's, is false where there is no room; leave undoes one. */
uint64_t connection_table_count(struct connection_table t, uint64_t key);
bool connection_table_enter(struct connection_table t, uint64_t key);
void connection_table_leave(struct connection_table t, uint64_t key);

enum { MINUTE_MS = 60000, MOST_A_MINUTE = 0xffff };

/* In one minute of the monotonic clock and in the one before it. */
struct connection_rate {
	uint64_t now;
	uint64_t before;
};

/* The word in which both stand: the minute << 32, then 16 + 16 bits. Read in
 * whichever minute; in one before that of the word nothing counts. */
uint64_t connection_rate_write(uint64_t minute, struct connection_rate rate);
struct connection_rate connection_rate_read(uint64_t word, uint64_t minute);

/* How many the address began. */
struct connection_rate connection_table_rate(struct connection_table t,
					     uint64_t key, uint64_t minute);

/* One more in this minute (1), or the last one taken back (-1). */
void connection_table_note(struct connection_table t, uint64_t key,
			   uint64_t minute, int more);

/* Of the last 60 s: those of this minute, and of the one before the part that
 * is not yet 60 s ago, taking them as spread evenly, rounded up. */
uint64_t connection_rate_of_last_minute(struct connection_rate rate,
					int64_t now_ms);

#endif
