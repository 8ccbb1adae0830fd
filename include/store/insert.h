/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows to prepared INSERTs in one transaction. The statements used last are
 * kept as long as their connection and table; the buffers for ever. */
#ifndef STORE_INSERT_H
#define STORE_INSERT_H

#include "store/connection.h"
#include "store/table.h"

/* A larger row has a statement of its own; its message is sent from where it
 * lies, in pieces. */
enum { INSERT_LARGE = 512 * 1024 };

struct insert;

/* settings must outlive it. To free it closes its statements: while their
 * connection is open, or after. */
struct insert *insert_new(const struct store_settings *settings);
void insert_free(struct insert **i);

/* Drops the statements: the connection is closed, or the table changed. */
void insert_forget(struct insert *i);

/* Most rows, and most bytes, of one statement. */
size_t insert_max_rows(const struct insert *i, const struct table *table);
size_t insert_max_bytes(const struct insert *i, const struct connection *c);

/* What a row adds to a statement, in bytes, near enough: the one measure by
 * which batches are made. */
size_t insert_row_bytes(const struct table *table, const struct row *row);

/* Prepares the statement of one row: proves the right to insert. 0, or the
 * error, which is in c->fault. */
int insert_prove(struct insert *i, struct connection *c,
		 const struct table *table);

/* How far a transaction came. */
struct insert_end {
	int error;              /* 0: committed; else in c->fault too */
	bool was_committing;    /* the error came from the statement that
				 * commits: else nothing is stored */
	int64_t took_ms;        /* of the last statement */
};

struct table_rows {
	const struct table *table;
	struct rows rows;
};

/* Inserts all rows, of which there is one at least, or none of them: one
 * autocommit statement where they fit in it, else BEGIN ... COMMIT, those of
 * raws (there may be none) first. */
struct insert_end insert_commit(struct insert *i, struct connection *c,
				struct table_rows rows,
				struct table_rows raws);

#endif
