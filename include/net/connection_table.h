/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The part of the connection limits that one worker writes and all read: how
 * many connections an address has, and how many it began of late. For
 * connection_limits.c. */
#ifndef NET_CONNECTION_TABLE_H
#define NET_CONNECTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct connection_table;

/* The same for all regions. */
struct connection_table_shape {
	size_t entries;                 /* a power of two */
	uint64_t secret[2];             /* of the hash */
};

/* Bytes of a region; zeroed memory is an empty one. */
size_t connection_table_size(const struct connection_table_shape *shape);

/* Forgets all connections, for a writer that is dead; rates are kept. */
void connection_table_clear(const struct connection_table_shape *shape,
			    struct connection_table *r);

/* Connections in all. */
uint64_t connection_table_total(const struct connection_table *r);
void connection_table_add(struct connection_table *r, int more);

/* Connections of the address with this key, which is not 0. Enter is false
 * where there is no room; leave undoes an enter. */
uint64_t connection_table_count(const struct connection_table_shape *shape,
				struct connection_table *r, uint64_t key);
bool connection_table_enter(const struct connection_table_shape *shape,
			    struct connection_table *r, uint64_t key);
void connection_table_leave(const struct connection_table_shape *shape,
			    struct connection_table *r, uint64_t key);

/* How many the address began in one minute and in the one before it. */
struct connection_rate {
	uint64_t now;
	uint64_t before;
};

/* minute counts minutes of the monotonic clock. */
struct connection_rate
connection_table_rate(const struct connection_table_shape *shape,
		      struct connection_table *r, uint64_t key,
		      uint64_t minute);

/* One more in this minute, or the last one taken back. */
struct connection_rate_change {
	uint64_t minute;
	int more;                       /* 1 or -1 */
};

void connection_table_note(const struct connection_table_shape *shape,
			   struct connection_table *r, uint64_t key,
			   struct connection_rate_change note);

#endif
