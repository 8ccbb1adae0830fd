/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks the server what the table looks like, of information_schema, which
 * every engine that speaks MySQL has. */
#include "store/catalog.h"

#include "base/buf.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STATEMENT_MAX = 8192 };

static const char columns_of[] =
	"SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, CHARACTER_SET_NAME,"
	" CHARACTER_MAXIMUM_LENGTH, CHARACTER_OCTET_LENGTH, IS_NULLABLE,"
	" COLUMN_DEFAULT, EXTRA FROM information_schema.COLUMNS"
	" WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s"
	" ORDER BY ORDINAL_POSITION";

static const char indexes_of[] =
	"SELECT INDEX_NAME, COLUMN_NAME, NON_UNIQUE, SUB_PART, SEQ_IN_INDEX"
	" FROM information_schema.STATISTICS"
	" WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s"
	" ORDER BY INDEX_NAME, SEQ_IN_INDEX";

static const char engine_of[] =
	"SELECT t.ENGINE, e.TRANSACTIONS FROM information_schema.TABLES t"
	" LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE"
	" WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_NAME = %s";

const char *
catalog_quote(const char *name, char out[QUOTED_SIZE])
{
	size_t n = 0;

	out[n++] = '`';
	for (; *name != '\0' && n < QUOTED_SIZE - 3; name++) {
		if (*name == '`')
			out[n++] = '`';
		out[n++] = *name;
	}
	out[n++] = '`';
	out[n] = '\0';
	return out;
}

const char *
catalog_literal(struct connection *c, const char *name, char out[QUOTED_SIZE])
{
	size_t len = strnlen(name, NAME_SIZE - 1);

	out[0] = '\'';
	unsigned long n = mysql_real_escape_string(c->mysql, out + 1, name,
						   (unsigned long)len);
	out[n + 1] = '\'';
	out[n + 2] = '\0';
	return out;
}

MYSQL_RES *
catalog_ask(struct connection *c, const char *format, const char *table)
{
	char literal[QUOTED_SIZE];
	struct buf sql = BUF(STATEMENT_MAX);
	const char *mark = strstr(format, "%s");

	buf_append(&sql, (struct view){ format, (size_t)(mark - format) });
	buf_append_text(&sql, catalog_literal(c, table, literal));
	buf_append_text(&sql, mark + 2);
	buf_append_byte(&sql, '\0');
	MYSQL_RES *rows = connection_ask(c, sql.at);
	buf_release(&sql);
	return rows;
}

static struct view
cell(MYSQL_RES *rows, MYSQL_ROW row, unsigned column)
{
	if (row[column] == NULL)
		return VIEW("");
	return (struct view){ row[column], mysql_fetch_lengths(rows)[column] };
}

static bool
read_columns(struct connection *c, const char *table, struct table *out)
{
	MYSQL_RES *rows = catalog_ask(c, columns_of, table);

	if (rows == NULL)
		return false;
	for (MYSQL_ROW row; (row = mysql_fetch_row(rows)) != NULL;) {
		const struct column_facts facts = {
			.name = cell(rows, row, 0),
			.data_type = cell(rows, row, 1),
			.column_type = cell(rows, row, 2),
			.charset = cell(rows, row, 3),
			.max_chars = cell(rows, row, 4),
			.max_bytes = cell(rows, row, 5),
			.is_nullable = view_equal(cell(rows, row, 6),
						  VIEW("YES")),
			.has_default = row[7] != NULL,
			.extra = cell(rows, row, 8),
		};
		table_add_column(out, &facts);
	}
	mysql_free_result(rows);
	return true;
}

static bool
read_indexes(struct connection *c, const char *table, struct table *out)
{
	MYSQL_RES *rows = catalog_ask(c, indexes_of, table);

	if (rows == NULL)
		return false;
	size_t count = 0;
	struct index_facts *facts =
		memory_new((size_t)mysql_num_rows(rows), sizeof(*facts));
	for (MYSQL_ROW row; (row = mysql_fetch_row(rows)) != NULL; count++) {
		facts[count] = (struct index_facts){
			.name = cell(rows, row, 0),
			.column = cell(rows, row, 1),
			.is_unique = view_equal(cell(rows, row, 2),
						VIEW("0")),
			.is_prefix = row[3] != NULL,
		};
		view_to_size(cell(rows, row, 4), SIZE_MAX,
			     &facts[count].position);
	}
	table_add_indexes(out, facts, count);
	free(facts);
	mysql_free_result(rows);
	return true;
}

/* A view has no engine of its own: taken for one that has transactions. */
static bool
read_engine(struct connection *c, const char *table, struct table *out)
{
	MYSQL_RES *rows = catalog_ask(c, engine_of, table);

	if (rows == NULL)
		return false;
	MYSQL_ROW row = mysql_fetch_row(rows);
	out->is_transactional = true;
	if (row != NULL && row[0] != NULL) {
		struct view engine = cell(rows, row, 0);
		snprintf(out->engine, sizeof(out->engine), "%.*s",
			 (int)engine.len, engine.at);
		out->is_transactional = !view_equal_nocase(cell(rows, row, 1),
							   VIEW("NO"));
	}
	mysql_free_result(rows);
	return true;
}

bool
catalog_read(struct connection *c, const char *table, struct table *out)
{
	table_init(out);
	if (!read_columns(c, table, out) || !read_indexes(c, table, out) ||
	    !read_engine(c, table, out))
		return false;
	table_finish(out);
	return true;
}
