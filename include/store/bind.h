/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One value of one row as a parameter of a prepared statement. */
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

/* First: looks at the value, sets bind->scratch to the bytes that bind_value
 * may use, and returns them. bind->in_pieces is set before. */
size_t bind_measure(struct bind *bind, const struct table_column *c,
		    const struct row *row);

/* Then: fills bind and its parameter, which point into the row, the bind and
 * the scratch until the statement has run. False where a key does not fit. */
bool bind_value(struct bind *bind, const struct table_column *c,
		const struct row *row, char **scratch);

#endif
