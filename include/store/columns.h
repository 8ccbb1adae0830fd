/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The columns that we can fill: one table says all that is known of each. A
 * new column is a row there, a member of struct mail or struct message, and
 * a line in the schemas. */
#ifndef STORE_COLUMNS_H
#define STORE_COLUMNS_H

#include "mail.h"

enum { HASH_SIZE = MAIL_ID_LEN + 1 };

/* One row to be: a mail as one of its recipients gets it. */
struct row {
	const struct mail *mail;
	const struct recipient *recipient;
	const struct chain *raw; /* behind the recipient's trace */
	size_t body_len;        /* of the mail's body, as much as has room */
	char hash[HASH_SIZE];
};

struct rows {
	const struct row *at;
	size_t count;
};

/* What the member is that a column's value comes from. */
enum value_kind {
	VALUE_ID,       /* char[MAIL_ID_LEN] */
	VALUE_TEXT,     /* struct view */
	VALUE_BODY,     /* struct view, cut to the row's body_len */
	VALUE_IS_SET,   /* struct view: 1 where it is not empty */
	VALUE_FLAG,     /* bool */
	VALUE_SIZE,     /* size_t */
	VALUE_REAL,     /* double */
	VALUE_DATE,     /* int64_t, microseconds since 1970 */
	VALUE_ADDRESS,  /* struct address */
	VALUE_RAW       /* the row's raw bytes behind its recipient's trace */
};

/* The struct that has the member. */
enum value_source { OF_ROW, OF_RECIPIENT, OF_MESSAGE, OF_MAIL };

struct store_column {
	const char *name;       /* "": only kept in the spool */
	enum value_kind kind;
	enum value_source source;
	size_t offset;          /* of the member */
	bool is_key;            /* never cut */
	bool is_required;       /* a table without it is refused */
	bool is_unchanging;     /* the same whenever and by whomever a message
				 * is sent again */
	size_t warn_below;      /* narrower ones, in characters, cut mail that
				 * is quite common; 0: it does not matter */
	const char *spooled;    /* a text of mail or message: its name in a
				 * spool file, where it stands in this order;
				 * NULL: the spool knows it otherwise */
};

/* Room for them; that they fit is proved when they are compiled. */
enum { STORE_COLUMNS_MAX = 32 };
extern const struct store_column store_columns[];
extern const size_t store_column_count;

/* NULL for a name that is none of ours; case-blind, as MySQL's are. */
const struct store_column *store_column_find(struct view name);

/* The member that holds the column's value in this row. Not for VALUE_RAW. */
const void *store_column_value(const struct store_column *c,
			       const struct row *row);

/* The text of a column of text; empty for other kinds. */
struct view store_column_text(const struct store_column *c,
			      const struct row *row);

/* The n-th recipient's row of a mail, which it points into: its hash is the id
 * with n. */
void row_make(struct row *row, const struct mail *mail,
	      const struct recipient *recipient, unsigned n);

/* Bytes of the row's value of VALUE_RAW. */
size_t row_raw_bytes(const struct row *row);

/* Where raw messages have a table of their own: the message's row there, of
 * nobody and without text; and a recipient's row has but its trace. */
void row_make_raw(struct row *row, const struct mail *mail);
void row_leave_raw(struct row *row);

#endif
