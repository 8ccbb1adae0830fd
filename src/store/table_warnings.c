/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the operator should know of a table that will do, but not well. */
#include "store/table_warnings.h"

#include "base/log.h"
#include "store/column_text.h"

#include <stdio.h>

enum { STATEMENT_SIZE = 512 };

static void
warn_of_keys(const struct table *t, const char *table)
{
	char sql[STATEMENT_SIZE];

	snprintf(sql, sizeof(sql), "ALTER TABLE `%s` ADD UNIQUE KEY (`hash`)",
		 table);
	if (!t->has_unique_id)
		log_warn_once("no UNIQUE key on `hash`: a commit whose outcome "
			      "is unknown is settled on the same host only, "
			      "not across hosts", LOG_STR("remedy", sql));
	if (!t->is_transactional)
		log_warn_once("the table's engine has no transactions: stored "
			      "mail may be lost or stored in part",
			      LOG_STR("engine", t->engine));
}

static void
warn_of_raw(const struct table *t, const char *table)
{
	const struct table_column *mail = table_column(t, "mail");
	char sql[STATEMENT_SIZE];

	if (column_text_is_exact(mail))
		return;
	snprintf(sql, sizeof(sql),
		 "ALTER TABLE `%s` MODIFY `mail` LONGBLOB NOT NULL", table);
	log_warn_once("column `mail` is text: bytes that it cannot hold become "
		 "U+FFFD", LOG_STR("remedy", sql));
}

static void
warn_of_charset(const struct table *t, const char *table)
{
	char sql[STATEMENT_SIZE];

	snprintf(sql, sizeof(sql), "ALTER TABLE `%s` CONVERT TO CHARACTER SET "
		 "utf8mb4", table);
	for (size_t i = 0; i < t->count; i++) {
		const struct table_column *c = &t->columns[i];
		if (c->charset != CHARSET_UTF8MB3 ||
		    (c->known->kind != VALUE_TEXT &&
		     c->known->kind != VALUE_BODY))
			continue;
		log_warn_once("utf8 of 3 bytes: other characters become U+FFFD",
			 LOG_STR("column", c->known->name),
			 LOG_STR("remedy", sql));
		return;
	}
}

static void
warn_of_address(const struct table *t, const char *table)
{
	enum { IPV6_BYTES = 16, IPV6_CHARS = 39 };
	const struct table_column *c = table_column(t, "ip_addr");
	char sql[STATEMENT_SIZE];

	if (c == NULL || c->family == FAMILY_INET6 ||
	    (c->family == FAMILY_BYTES && c->max_bytes >= IPV6_BYTES) ||
	    (c->family == FAMILY_TEXT && c->max_chars >= IPV6_CHARS))
		return;
	snprintf(sql, sizeof(sql), "ALTER TABLE `%s` MODIFY `ip_addr` %s "
		 "NOT NULL", table, c->family == FAMILY_TEXT ?
				    "varchar(45)" : "varbinary(16)");
	log_warn("column `ip_addr` has no room for IPv6: such clients are not "
		 "noted", LOG_STR("remedy", sql));
}

void
table_warn(const struct table *t, const struct store_settings *settings)
{
	warn_of_keys(t, settings->table);
	warn_of_raw(t, settings->table);
	warn_of_charset(t, settings->table);
	warn_of_address(t, settings->table);
	for (size_t i = 0; i < t->count; i++) {
		const struct table_column *c = &t->columns[i];
		size_t width = c->max_chars < c->max_bytes ? c->max_chars :
							     c->max_bytes;
		if (c->known->warn_below > width)
			log_warn_once("column is narrow and will cut mail",
				 LOG_STR("column", c->known->name),
				 LOG_NUM("characters", width));
	}
}
