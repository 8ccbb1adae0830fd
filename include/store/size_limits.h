/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The largest message that can be stored, and what decides it. */
#ifndef STORE_SIZE_LIMITS_H
#define STORE_SIZE_LIMITS_H

#include "store/connection.h"
#include "store/store.h"

/* What one table on one server allows. */
struct size_limit {
	size_t bytes;
	const char *name;       /* what sets it */
	const char *remedy;     /* how it is raised */
};

/* Pure. The smallest of all that bound a message on this server, in the table
 * that holds raw messages. */
struct size_limit size_limits_of_message(const struct store_settings *settings,
					 const struct server *server,
					 const struct table *table);

/* Pure. All that callers are told of the table, and of the one that holds raw
 * messages, which may be the same. */
struct store_size_limits
size_limits_of_table(const struct store_settings *settings,
		     const struct server *server, const struct table *table,
		     const struct table *holds_raw);

/* Bytes that one row has for mail and body together. */
size_t size_limits_row_bytes(const struct server *server);

/* The last figures, kept in spool_dir for the next start. Without a file, or
 * with another table's, what is assumed; is_known is false. To keep them is
 * tried: where it fails the next start assumes. */
struct store_size_limits
size_limits_load(const struct store_settings *settings);
void size_limits_keep(const struct store_settings *settings,
		      const struct store_size_limits *size_limits);

#endif
