/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks the server what the table looks like. */
#ifndef STORE_CATALOG_H
#define STORE_CATALOG_H

#include "store/connection.h"
#include "store/table.h"

/* Reads columns, keys and engine of the table of out's name, for what is_raw
 * says. False with c->fault where the server did not answer; what is wrong
 * with the table is in out->fault. */
bool catalog_read(struct connection *c, struct table *out);

/* Gives the columns the maps of their character sets, asking the server for
 * what the list does not have yet. False with c->fault where the connection is
 * lost; what was learned stays in the list, which the caller frees at the
 * end. */
bool catalog_map_charsets(struct connection *c, struct table *t,
			  struct charset_map **list);

/* Asks a query in which one %s stands for the table's name as a literal. */
MYSQL_RES *catalog_ask(struct connection *c, const char *format,
		       const char *table);

/* `name` in backticks, for a statement; out has 2 * NAME_SIZE + 3 bytes. */
enum { QUOTED_SIZE = 2 * NAME_SIZE + 3 };
const char *catalog_quote(const char *name, char out[QUOTED_SIZE]);

/* A text literal of a name, with its quotes, into out. */
const char *catalog_literal(struct connection *c, const char *name,
			    char out[QUOTED_SIZE]);

#endif
