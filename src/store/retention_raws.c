/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Raw messages that have a table of their own go after the last of their
 * rows. A message and its rows are committed together, and the message's key
 * lets nobody commit it again: so one that has no row now never will. Each
 * time that mail is kept walks through them on its own, as it does through
 * the rows. */
#include "store/retention_state.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/catalog.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	MOST_RAWS = 100,
	PREFIX_LEN = MAIL_ID_LEN - 4    /* what a message's hashes share */
};

/* What one step looks at, by date. */
struct raws {
	struct raw_place at[MOST_RAWS];
	bool has_rows[MOST_RAWS];
	size_t count;
};

/* False with the connection's fault. */
static bool
ask_raws(const struct retention *r, const struct raw_place *from,
	 int64_t cutoff_s, struct raws *out)
{
	const struct failover *l = &r->store->failover;
	const struct table *t = &l->raw_table;
	char name[QUOTED_SIZE], literal[QUOTED_SIZE];
	char low[DATE_TEXT_SIZE], high[DATE_TEXT_SIZE];
	struct buf sql = BUF(RETENTION_SQL_MAX);

	retention_date(t, from->date_s, low);
	buf_printf(&sql, "SELECT `hash`, %s(`date`) FROM %s WHERE `date` >= %s "
		   "AND `date` < %s AND (`date` > %s OR `hash` > %s) "
		   "AND LENGTH(`hash`) = %d ORDER BY `date`, `hash` LIMIT %d",
		   retention_seconds(t),
		   catalog_quote(t->name, name), low,
		   retention_date(t, cutoff_s, high), low,
		   catalog_literal(l->connection, from->hash, literal),
		   MAIL_ID_LEN, MOST_RAWS);
	buf_append_byte(&sql, '\0');
	MYSQL_RES *rows = connection_ask(l->connection, sql.at);
	buf_release(&sql);
	if (rows == NULL)
		return false;
	for (MYSQL_ROW row; out->count < MOST_RAWS &&
	     (row = mysql_fetch_row(rows)) != NULL; out->count++) {
		struct raw_place *place = &out->at[out->count];
		snprintf(place->hash, sizeof(place->hash), "%s", row[0]);
		place->date_s = row[1] != NULL ? strtoll(row[1], NULL, 10) : 0;
	}
	mysql_free_result(rows);
	return true;
}

/* Which of them have rows. False with the connection's fault. */
static bool
ask_rows(const struct retention *r, struct raws *raws)
{
	const struct failover *l = &r->store->failover;
	char name[QUOTED_SIZE], literal[QUOTED_SIZE];
	char hash[MAIL_ID_LEN + 1];
	struct buf sql = BUF(RETENTION_SQL_MAX);

	assert(raws->count > 0);
	buf_printf(&sql, "SELECT DISTINCT LEFT(`hash`, %d) FROM %s WHERE ",
		   PREFIX_LEN, catalog_quote(l->table.name, name));
	for (size_t i = 0; i < raws->count; i++) {
		snprintf(hash, sizeof(hash), "%.*s0000", PREFIX_LEN,
			 raws->at[i].hash);
		buf_printf(&sql, "%s`hash` BETWEEN %s", i > 0 ? " OR " : "",
			   catalog_literal(l->connection, hash, literal));
		snprintf(hash, sizeof(hash), "%.*sffff", PREFIX_LEN,
			 raws->at[i].hash);
		buf_printf(&sql, " AND %s",
			   catalog_literal(l->connection, hash, literal));
	}
	buf_append_byte(&sql, '\0');
	MYSQL_RES *rows = connection_ask(l->connection, sql.at);
	buf_release(&sql);
	if (rows == NULL)
		return false;
	for (MYSQL_ROW row; (row = mysql_fetch_row(rows)) != NULL;)
		for (size_t i = 0; i < raws->count; i++)
			if (strncmp(raws->at[i].hash, row[0], PREFIX_LEN) == 0)
				raws->has_rows[i] = true;
	mysql_free_result(rows);
	return true;
}

/* Those that have no row. False with the connection's fault. */
static bool
delete_raws(const struct retention *r, const struct raws *raws)
{
	const struct failover *l = &r->store->failover;
	char name[QUOTED_SIZE], literal[QUOTED_SIZE];
	struct buf sql = BUF(RETENTION_SQL_MAX);
	bool has_any = false;

	buf_printf(&sql, "DELETE FROM %s WHERE `hash` IN (",
		   catalog_quote(l->raw_table.name, name));
	for (size_t i = 0; i < raws->count; i++) {
		if (raws->has_rows[i])
			continue;
		buf_printf(&sql, "%s%s", has_any ? "," : "",
			   catalog_literal(l->connection, raws->at[i].hash,
					   literal));
		has_any = true;
	}
	buf_append_byte(&sql, ')');
	buf_append_byte(&sql, '\0');
	int error = has_any ? connection_run(l->connection, sql.at) : 0;
	buf_release(&sql);
	return error == 0;
}

static bool
walk(struct retention *r, struct retention_class *c, int64_t cutoff_s,
     bool are_rows_gone)
{
	struct raws raws = { .count = 0 };

	if (!ask_raws(r, &c->raw, cutoff_s, &raws) ||
	    (raws.count > 0 && (!ask_rows(r, &raws) ||
				!delete_raws(r, &raws)))) {
		const struct store_fault *why =
			&r->store->failover.connection->fault;
		log_warn("expired raw messages cannot be deleted",
			 LOG_NUM("error", why->error),
			 LOG_STR("text", why->text));
		return false;
	}
	/* Where rows that are over their time may still be there, the walk
	 * waits for those. */
	size_t n = 0;
	while (n < raws.count && (are_rows_gone || !raws.has_rows[n]))
		n++;
	if (n > 0)
		c->raw = raws.at[n - 1];
	return n == MOST_RAWS;
}

bool
retention_walk_raws(struct retention *r, int64_t now_s, int64_t rows_dropped_s,
		    int64_t raws_dropped_s)
{
	const struct table *t = &r->store->failover.raw_table;

	assert(t->is_raw && t->name != NULL);
	/* Without the column and its key nothing can be found. */
	bool has_dates = t->has_date_index && table_column(t, "date") != NULL;
	if (!has_dates && !r->has_told_raw_dates)
		log_error("retention needs a column `date` with an index in "
			  "raw_table: nothing is expired there",
			  LOG_STR("table", t->name));
	r->has_told_raw_dates = !has_dates;
	if (!has_dates)
		return false;
	if (clock_ms() >= r->whole_raws_ms) {
		r->whole_raws_ms = clock_ms() + RETENTION_WHOLE_WALK_MS;
		for (size_t i = 0; i < r->class_count; i++)
			r->classes[i].raw = (struct raw_place){ 0 };
	}
	for (; r->raw_class < r->class_count; r->raw_class++) {
		struct retention_class *c = &r->classes[r->raw_class];
		bool are_rows_gone = !r->has_more &&
				     c->keep_s != rows_dropped_s;
		if (c->keep_s != raws_dropped_s &&
		    walk(r, c, now_s - c->keep_s, are_rows_gone))
			return true;
	}
	r->raw_class = 0;
	return false;
}
