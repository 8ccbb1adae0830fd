/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows as parameters of a prepared statement. */
#ifndef STORE_BIND_H
#define STORE_BIND_H

#include "store/table.h"

#include <mysql.h>

enum { BIND_KEY_TOO_LONG = 1406 };

struct bind {
	MYSQL_BIND *parameter;
	bool in_pieces;                 /* the raw message comes later */
	size_t scratch;                 /* most bytes that it needs of it */
	unsigned long length;
	union {
		long long number;
		double real;
		MYSQL_TIME time;
		char text[ADDRESS_TEXT_SIZE];
	};
};

/* The parameters of a statement's rows. The arrays have room for the rows
 * times the table's columns; scratch grows and is kept. */
struct bind_rows {
	MYSQL_BIND *parameters;
	struct bind *binds;             /* what the parameters point into */
	char *scratch;
	size_t scratch_size;
};

/* Fills the parameters, which point into the rows, the binds and the scratch
 * until the statement has run. in_pieces: the raw message comes later. NULL,
 * or the column that cannot hold its key. */
const struct table_column *bind_all(struct bind_rows *b,
				    const struct table *table,
				    struct rows rows, bool in_pieces);

#endif
