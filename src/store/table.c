/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table as it is. A table of any ancestor will do, if it has the columns
 * that carry our promises and actions none that we cannot fill. */
#include "store/table.h"

#include "base/log.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { UNKNOWN_COLUMN = 1054, NO_DEFAULT = 1364, TOO_NARROW = 1406,
       NO_SUCH_TABLE = 1146, STATEMENT_SIZE = 512 };

static const struct {
	const char *type;
	enum column_family family;
	int64_t max_number;             /* unsigned ones hold twice that */
} types[] = {
	{ "tinyint", FAMILY_INTEGER, INT8_MAX },
	{ "smallint", FAMILY_INTEGER, INT16_MAX },
	{ "mediumint", FAMILY_INTEGER, 0x7fffff },
	{ "int", FAMILY_INTEGER, INT32_MAX },
	{ "bigint", FAMILY_INTEGER, INT64_MAX / 2 },
	{ "bit", FAMILY_INTEGER, 1 },
	{ "year", FAMILY_INTEGER, INT16_MAX },
	{ "float", FAMILY_REAL, INT64_MAX / 2 },
	{ "double", FAMILY_REAL, INT64_MAX / 2 },
	{ "decimal", FAMILY_REAL, INT64_MAX / 2 },
	{ "inet4", FAMILY_INET4, 0 },
	{ "inet6", FAMILY_INET6, 0 },
	{ "date", FAMILY_DATE, 0 },
	{ "datetime", FAMILY_DATE, 0 },
	{ "timestamp", FAMILY_DATE, 0 },
	{ "binary", FAMILY_BYTES, 0 },
	{ "varbinary", FAMILY_BYTES, 0 },
	{ "tinyblob", FAMILY_BYTES, 0 },
	{ "blob", FAMILY_BYTES, 0 },
	{ "mediumblob", FAMILY_BYTES, 0 },
	{ "longblob", FAMILY_BYTES, 0 },
};

void
table_init(struct table *t)
{
	memset(t, 0, sizeof(*t));
}

const struct table_column *
table_column(const struct table *t, const char *name)
{
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->columns[i].known->name, name) == 0)
			return &t->columns[i];
	return NULL;
}

static bool
contains(struct view text, struct view word)
{
	for (size_t i = 0; i + word.len <= text.len; i++)
		if (view_starts_nocase(view_slice(text, i, text.len), word))
			return true;
	return false;
}

static enum charset_class
class_of(struct view charset)
{
	if (view_equal_nocase(charset, VIEW("utf8mb4")))
		return CHARSET_UTF8MB4;
	if (view_equal_nocase(charset, VIEW("utf8mb3")) ||
	    view_equal_nocase(charset, VIEW("utf8")))
		return CHARSET_UTF8MB3;
	if (view_equal_nocase(charset, VIEW("latin1")))
		return CHARSET_LATIN1;
	if (charset.len == 0 || view_equal_nocase(charset, VIEW("binary")))
		return CHARSET_BYTES;
	return CHARSET_OTHER;
}

static void
set_type(struct table_column *c, const struct column_facts *facts)
{
	c->family = FAMILY_TEXT;
	c->max_number = INT64_MAX;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (!view_equal_nocase(facts->data_type,
				       view_of(types[i].type)))
			continue;
		c->family = types[i].family;
		c->max_number = types[i].max_number;
		if (contains(facts->column_type, VIEW("unsigned")))
			c->max_number *= 2;
	}
	/* It holds so many bits; other widths in brackets are for show. */
	if (view_starts_nocase(facts->column_type, VIEW("bit(")))
		c->max_number = facts->column_type.len > 6 ? INT8_MAX : 1;
	c->max_chars = SIZE_MAX;
	c->max_bytes = SIZE_MAX;
	view_to_size(facts->max_chars, SIZE_MAX, &c->max_chars);
	view_to_size(facts->max_bytes, SIZE_MAX, &c->max_bytes);
	/* A TEXT of another character set counts bytes after conversion;
	 * four for each character is the most it may need. */
	bool is_text_type = contains(facts->data_type, VIEW("text"));
	if (c->charset == CHARSET_OTHER && is_text_type)
		c->max_chars = c->max_bytes / 4;
	if (c->charset == CHARSET_OTHER || c->charset == CHARSET_LATIN1)
		c->max_bytes = SIZE_MAX;
}

void
table_add_column(struct table *t, const struct column_facts *facts)
{
	const struct store_column *known = store_column_find(facts->name);
	/* An enum's default is its first value, whatever information_schema
	 * says. */
	bool fills_itself = facts->is_nullable || facts->has_default ||
		contains(facts->extra, VIEW("auto_increment")) ||
		contains(facts->extra, VIEW("generated")) ||
		view_equal_nocase(facts->data_type, VIEW("enum"));

	if (known == NULL && !fills_itself && t->fault.error == 0)
		fault_set(&t->fault, NO_DEFAULT, "column `%.*s` is NOT NULL "
			  "without a default, and nothing fills it",
			  (int)facts->name.len, facts->name.at);
	/* DEFAULT_GENERATED is MySQL's word for a default that is computed. */
	bool is_computed = contains(facts->extra, VIEW("generated")) &&
			   !contains(facts->extra, VIEW("default_generated"));
	if (known == NULL || is_computed || t->count == STORE_COLUMNS_MAX)
		return;
	struct table_column *c = &t->columns[t->count++];
	memset(c, 0, sizeof(*c));
	c->known = known;
	c->charset = class_of(facts->charset);
	snprintf(c->charset_name, sizeof(c->charset_name), "%.*s",
		 (int)facts->charset.len, facts->charset.at);
	set_type(c, facts);
}

/* Whether one key, facts[0..count-1], is unique by `hash` and columns that
 * are the same on a repeat. */
static bool
settles(const struct index_facts *facts, size_t count)
{
	bool has_hash = false;

	for (size_t i = 0; i < count; i++) {
		const struct store_column *known =
			store_column_find(facts[i].column);
		if (!facts[i].is_unique || facts[i].is_prefix ||
		    known == NULL || !known->is_unchanging)
			return false;
		if (view_equal_nocase(facts[i].column, VIEW("hash")))
			has_hash = true;
	}
	return has_hash;
}

void
table_add_indexes(struct table *t, const struct index_facts *facts,
		  size_t count)
{
	size_t from = 0;

	for (size_t i = 1; i <= count; i++) {
		if (i < count && view_equal(facts[i].name, facts[from].name))
			continue;
		if (settles(&facts[from], i - from))
			t->has_unique_id = true;
		from = i;
	}
	for (size_t i = 0; i < count; i++)
		if (facts[i].position == 1 &&
		    view_equal_nocase(facts[i].column, VIEW("date")))
			t->has_date_index = true;
}

void
table_finish(struct table *t)
{
	if (t->count == 0 && t->fault.error == 0)
		fault_set(&t->fault, NO_SUCH_TABLE, "there is no such table, "
			  "or no right to see it");
	for (size_t i = 0; i < store_column_count; i++) {
		const struct store_column *known = &store_columns[i];
		if (known->is_required && t->fault.error == 0 &&
		    !(t->is_raw && known->source == OF_RECIPIENT) &&
		    table_column(t, known->name) == NULL)
			fault_set(&t->fault, UNKNOWN_COLUMN,
				  "the table has no column `%s`",
				  known->name);
	}
	const struct table_column *hash = table_column(t, "hash");
	if (hash != NULL && t->fault.error == 0 &&
	    (hash->max_chars < MAIL_ID_LEN || hash->max_bytes < MAIL_ID_LEN))
		fault_set(&t->fault, TOO_NARROW, "column `hash` must hold %d "
			  "characters", MAIL_ID_LEN);
	if (!t->is_raw || t->fault.error != 0)
		return;
	/* That a raw message is there must prove that its rows were
	 * committed. */
	if (!t->has_unique_id)
		fault_set(&t->fault, UNKNOWN_COLUMN, "raw_table needs a UNIQUE "
			  "key on `hash`");
	else if (!t->is_transactional)
		fault_set(&t->fault, UNKNOWN_COLUMN, "the engine of raw_table "
			  "has no transactions");
}

/* ---- What the operator should know --------------------------------------- */

bool
table_is_exact(const struct table_column *mail)
{
	return mail->charset == CHARSET_BYTES ||
	       mail->charset == CHARSET_LATIN1;
}

static void
warn_of_columns(const struct table *t)
{
	enum { IPV6_BYTES = 16, IPV6_CHARS = 39 };
	const struct table_column *ip = table_column(t, "ip_addr");
	char sql[STATEMENT_SIZE];
	bool is_told = false;

	if (ip != NULL && ip->family != FAMILY_INET6 &&
	    !(ip->family == FAMILY_BYTES && ip->max_bytes >= IPV6_BYTES) &&
	    !(ip->family == FAMILY_TEXT && ip->max_chars >= IPV6_CHARS)) {
		snprintf(sql, sizeof(sql), "ALTER TABLE `%s` MODIFY `ip_addr` "
			 "%s NOT NULL", t->name, ip->family == FAMILY_TEXT ?
			 "varchar(45)" : "varbinary(16)");
		log_warn("column `ip_addr` has no room for IPv6: such clients "
			 "are not noted", LOG_STR("remedy", sql));
	}
	snprintf(sql, sizeof(sql), "ALTER TABLE `%s` CONVERT TO CHARACTER SET "
		 "utf8mb4", t->name);
	for (size_t i = 0; i < t->count; i++) {
		const struct table_column *c = &t->columns[i];
		bool is_text = c->known->kind == VALUE_TEXT ||
			       c->known->kind == VALUE_BODY;
		size_t width = c->max_chars < c->max_bytes ? c->max_chars :
							     c->max_bytes;
		if (c->known->warn_below > width)
			log_warn_once("column is narrow and will cut mail",
				 LOG_STR("column", c->known->name),
				 LOG_NUM("characters", width));
		if (c->charset != CHARSET_UTF8MB3 || !is_text || is_told)
			continue;
		log_warn_once("utf8 of 3 bytes: other characters become U+FFFD",
			 LOG_STR("column", c->known->name),
			 LOG_STR("remedy", sql));
		is_told = true;
	}
}

void
table_warn(const struct table *t)
{
	char sql[STATEMENT_SIZE];

	snprintf(sql, sizeof(sql), "ALTER TABLE `%s` ADD UNIQUE KEY (`hash`)",
		 t->name);
	if (!t->has_unique_id)
		log_warn_once("no UNIQUE key on `hash`: a commit whose outcome "
			      "is unknown is settled on the same host only, "
			      "not across hosts", LOG_STR("remedy", sql));
	if (!t->is_transactional)
		log_warn_once("the table's engine has no transactions: stored "
			      "mail may be lost or stored in part",
			      LOG_STR("engine", t->engine));
	snprintf(sql, sizeof(sql), "ALTER TABLE `%s` MODIFY `mail` LONGBLOB "
		 "NOT NULL", t->name);
	if (!table_is_exact(table_column(t, "mail")))
		log_warn_once("column `mail` is text: bytes that it cannot "
			      "hold become U+FFFD", LOG_STR("remedy", sql));
	warn_of_columns(t);
}
