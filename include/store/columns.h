/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The columns that we can fill, by name, and what goes into each. */
#ifndef STORE_COLUMNS_H
#define STORE_COLUMNS_H

#include "mail.h"

enum { HASH_SIZE = MAIL_ID_LEN + 1 };

/* One row to be: a mail as one of its recipients gets it. */
struct row {
	const struct mail *mail;
	const struct recipient *recipient;
	struct view body;       /* the mail's, or what there is room for */
	char hash[HASH_SIZE];
};

enum value_kind { VALUE_TEXT, VALUE_NUMBER, VALUE_REAL, VALUE_DATE,
		  VALUE_ADDRESS, VALUE_RAW };

/* Which of the members is meant follows from the column's kind. */
struct value {
	struct view text;
	int64_t number;
	double real;
};

struct store_column {
	const char *name;
	enum value_kind kind;
	bool is_key;            /* never cut */
	bool is_required;       /* a table without it is refused */
	size_t warn_below;      /* narrower ones, in characters, cut mail that
				 * is quite common; 0: it does not matter */
	void (*get)(const struct row *row, struct value *out);
};

enum { STORE_COLUMNS = 20 };
extern const struct store_column store_columns[STORE_COLUMNS];

/* NULL for a name that is none of ours; case-blind, as MySQL's are. */
const struct store_column *store_column_find(struct view name);

/* The n-th recipient's row of a mail: its hash is the id with n. */
void row_make(struct row *row, const struct mail *mail,
	      const struct recipient *recipient, unsigned n);

#endif
