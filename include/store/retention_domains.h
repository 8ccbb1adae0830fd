/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which mail is kept how long where that hangs on its domain. Pure. */
#ifndef STORE_RETENTION_DOMAINS_H
#define STORE_RETENTION_DOMAINS_H

#include "base/buf.h"
#include "store/settings.h"

/* Seconds that any mail may be kept; 0: for ever. */
int64_t retention_longest_s(const struct store_settings *s);

/* The least of those that do end; 0 where none does. */
int64_t retention_shortest_s(const struct store_settings *s);

/* Appends what is true of a row that is kept keep_s, as SQL. */
void retention_write_class(const struct store_settings *s, int64_t keep_s,
			   struct buf *sql);

/* The different times that end, into out, which has room for one more than
 * there are domains; returns how many. */
size_t retention_classes(const struct store_settings *s, int64_t *out);

#endif
