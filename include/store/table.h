/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table as it is: which of our columns it has, how wide, in which
 * character set; which keys. Pure: what was read comes in as text. */
#ifndef STORE_TABLE_H
#define STORE_TABLE_H

#include "store/columns.h"
#include "store/outcome.h"
#include "store/settings.h"

enum charset_class {
	CHARSET_BYTES,          /* binary: holds anything */
	CHARSET_UTF8MB4,
	CHARSET_UTF8MB3,
	CHARSET_LATIN1,         /* holds any bytes, of one byte each */
	CHARSET_OTHER           /* the server converts what it has */
};

enum column_family { FAMILY_TEXT, FAMILY_BYTES, FAMILY_INTEGER, FAMILY_REAL,
		     FAMILY_DATE, FAMILY_INET4, FAMILY_INET6 };

enum { NAME_SIZE = 65 * 4 };    /* 64 characters, and a NUL */

enum { CHARSET_MAP_CHARS = 0x10000, CHARSET_NAME_SIZE = 64,
       CHARSET_MAP_STRETCH = 0x1000 };

/* The characters that a character set of the database has: one bit for each
 * of the Basic Multilingual Plane. */
struct charset_map {
	struct charset_map *next;
	char name[CHARSET_NAME_SIZE];
	uint16_t learned;               /* a bit for each stretch asked for */
	uint8_t bits[CHARSET_MAP_CHARS / 8];
};

struct table_column {
	const struct store_column *known;
	enum column_family family;
	enum charset_class charset;
	char charset_name[NAME_SIZE];
	const struct charset_map *map;  /* of latin1 and other sets; until
					 * one is given: ASCII */
	size_t max_chars;       /* of text */
	size_t max_bytes;
	int64_t max_number;     /* of an integer */
};

struct table {
	const char *name;       /* of the settings */
	bool is_raw;            /* of raw messages, not of rows */
	struct table_column columns[STORE_COLUMNS_MAX];
	size_t count;
	char engine[NAME_SIZE];
	bool is_transactional;
	bool has_unique_id;     /* a key that settles unknown commits */
	bool has_date_index;    /* one that begins with `date` */
	struct store_fault fault; /* error not 0: cannot be written, and why */
};

/* One row of information_schema.COLUMNS. */
struct column_facts {
	struct view name;
	struct view data_type;          /* "varchar" */
	struct view column_type;        /* "int(11) unsigned" */
	struct view charset;            /* empty where it has none */
	struct view max_chars;          /* digits or empty */
	struct view max_bytes;
	bool is_nullable;
	bool has_default;
	struct view extra;              /* "auto_increment" */
};

/* One row of information_schema.STATISTICS. */
struct index_facts {
	struct view name;
	struct view column;
	bool is_unique;
	bool is_prefix;                 /* of the column's beginning only */
	size_t position;                /* from 1 */
};

/* To a table without columns, name or fault. */
void table_init(struct table *t);

/* Takes it up if it is one of ours; notes in t->fault one that is not, and
 * that an INSERT without it would fail for. */
void table_add_column(struct table *t, const struct column_facts *facts);

/* Rows come key by key, in order of position. */
void table_add_indexes(struct table *t, const struct index_facts *facts,
		       size_t count);

/* Once all is added: finds what is missing, and notes the first in t->fault.
 */
void table_finish(struct table *t);

/* What will do, but not well: logs one line for each weakness, with the
 * statement that mends it. */
void table_warn(const struct table *t);

/* Whether raw bytes go into column `mail` as they are. */
bool table_is_exact(const struct table_column *mail);

/* NULL where the table has no such column. */
const struct table_column *table_column(const struct table *t,
					const char *name);

#endif
