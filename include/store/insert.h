/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows to one prepared INSERT. Statements of any number of rows are prepared
 * when first needed and kept as long as their connection and table; the
 * buffers are kept for ever. */
#ifndef STORE_INSERT_H
#define STORE_INSERT_H

#include "store/connection.h"
#include "store/table.h"

struct insert;

struct insert *insert_new(const struct store_settings *settings);
void insert_free(struct insert **i);

/* Drops the statements: the connection is closed, or the table changed. */
void insert_forget(struct insert *i);

/* Most rows of one statement on this table. */
size_t insert_max_rows(const struct insert *i, const struct table *table);

/* What a row adds to a statement, in bytes, near enough. */
size_t insert_row_bytes(const struct row *row);

/* Prepares the statement of one row: proves the right to insert. 0, or the
 * error, which is in c->fault. */
int insert_prove(struct insert *i, struct connection *c,
		 const struct table *table);

struct rows {
	const struct row *at;
	size_t count;
};

/* Inserts all rows or none. 0, or the error, which is in c->fault. */
int insert_rows(struct insert *i, struct connection *c,
		const struct table *table, struct rows rows);

#endif
