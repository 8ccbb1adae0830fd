/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks the server what the table looks like, of information_schema, which
 * every engine that speaks MySQL has. */
#include "store/catalog.h"

#include "base/buf.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "store/column_text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STATEMENT_MAX = 8192, STRETCH_MAX = 64 * 1024 };

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

	assert(mark != NULL && table != NULL);
	buf_append(&sql, (struct view){ format, (size_t)(mark - format) });
	buf_append_text(&sql, catalog_literal(c, table, literal));
	buf_append_text(&sql, mark + 2);
	buf_append_byte(&sql, '\0');
	MYSQL_RES *rows = connection_ask(c, sql.at);
	buf_release(&sql);
	return rows;
}

static bool
is_word(MYSQL_RES *rows, MYSQL_ROW row, unsigned column, const char *word)
{
	return view_equal_nocase(connection_cell(rows, row, column),
				 view_of(word));
}

static bool
read_columns(struct connection *c, const char *table, struct table *out)
{
	MYSQL_RES *rows = catalog_ask(c, columns_of, table);

	if (rows == NULL)
		return false;
	for (MYSQL_ROW row; (row = mysql_fetch_row(rows)) != NULL;) {
		const struct column_facts facts = {
			.name = connection_cell(rows, row, 0),
			.data_type = connection_cell(rows, row, 1),
			.column_type = connection_cell(rows, row, 2),
			.charset = connection_cell(rows, row, 3),
			.max_chars = connection_cell(rows, row, 4),
			.max_bytes = connection_cell(rows, row, 5),
			.is_nullable = is_word(rows, row, 6, "YES"),
			.has_default = row[7] != NULL,
			.extra = connection_cell(rows, row, 8),
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
		assert(count < (size_t)mysql_num_rows(rows));
		facts[count] = (struct index_facts){
			.name = connection_cell(rows, row, 0),
			.column = connection_cell(rows, row, 1),
			.is_unique = is_word(rows, row, 2, "0"),
			.is_prefix = row[3] != NULL,
		};
		view_to_size(connection_cell(rows, row, 4), SIZE_MAX,
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
		struct view engine = connection_cell(rows, row, 0);
		snprintf(out->engine, sizeof(out->engine), "%.*s",
			 (int)engine.len, engine.at);
		out->is_transactional = !is_word(rows, row, 1, "NO");
	}
	mysql_free_result(rows);
	return true;
}

bool
catalog_read(struct connection *c, struct table *out)
{
	const char *name = out->name;
	bool is_raw = out->is_raw;

	table_init(out);
	out->name = name;
	out->is_raw = is_raw;
	if (!read_columns(c, name, out) || !read_indexes(c, name, out) ||
	    !read_engine(c, name, out))
		return false;
	table_finish(out);
	return true;
}

/* Which characters of a stretch come back from the set as they went. False
 * with c->fault. */
static bool
learn_stretch(struct connection *c, struct charset_map *map, uint32_t from)
{
	struct buf characters = BUF(STRETCH_MAX), sql = BUF(STRETCH_MAX);
	char utf8[4] = { 0 };

	/* Without NUL and surrogates. */
	for (uint32_t code = from; code < from + CHARSET_MAP_STRETCH; code++)
		if (code > 0 && (code < 0xd800 || code > 0xdfff))
			buf_append(&characters, (struct view){ utf8,
				utf8_encode(code, utf8) });
	buf_append_text(&sql, "SELECT CONVERT(CONVERT('");
	char *room = buf_reserve(&sql, 2 * characters.len + 1);
	sql.len += mysql_real_escape_string(c->mysql, room, characters.at,
					    (unsigned long)characters.len);
	buf_printf(&sql, "' USING %s) USING utf8mb4)", map->name);
	buf_append_byte(&sql, '\0');
	MYSQL_RES *rows = connection_ask(c, sql.at);
	MYSQL_ROW row = rows != NULL ? mysql_fetch_row(rows) : NULL;
	if (row != NULL)
		charset_map_learn(map, buf_view(&characters),
				  connection_cell(rows, row, 0));
	if (rows != NULL)
		mysql_free_result(rows);
	buf_release(&sql);
	buf_release(&characters);
	return rows != NULL;
}

static_assert(CHARSET_MAP_CHARS / CHARSET_MAP_STRETCH == 16,
	      "learned has a bit for each stretch");

/* What the server refuses is asked again when the table is read the next
 * time; until then those characters are taken for ones that the set lacks. */
static bool
learn_rest(struct connection *c, struct charset_map *map)
{
	for (uint32_t i = 0; i < CHARSET_MAP_CHARS / CHARSET_MAP_STRETCH; i++) {
		if ((map->learned >> i & 1) != 0)
			continue;
		if (learn_stretch(c, map, i * CHARSET_MAP_STRETCH))
			map->learned |= (uint16_t)(1u << i);
		else if (outcome_is_of_client(c->fault.error))
			return false;
	}
	return true;
}

bool
catalog_map_charsets(struct connection *c, struct table *t,
		     struct charset_map **list)
{
	for (size_t i = 0; i < t->count; i++) {
		struct table_column *column = &t->columns[i];
		struct view name = view_of(column->charset_name);
		struct charset_map *map = *list;
		if (!column_text_is_converted(column))
			continue;
		while (map != NULL && !view_equal(view_of(map->name), name))
			map = map->next;
		if (map == NULL) {
			map = memory_new(1, sizeof(*map));
			charset_map_init(map, name);
			map->next = *list;
			*list = map;
		}
		if (!learn_rest(c, map))
			return false;
		column->map = map;
	}
	return true;
}
