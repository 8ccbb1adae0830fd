/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows that are kept longer lie among those that expire: so each time that
 * mail is kept walks through the index on its own, from where it ended, by
 * windows of so many rows. A statement never looks at more of them. */
#include "store/retention_state.h"

#include "base/clock.h"
#include "store/catalog.h"
#include "store/retention_domains.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

enum {
	WINDOW_ROWS = 1000,
	LATE_S = 60                     /* what is committed late */
};

/* One statement's share of a walk. */
struct window {
	int64_t low_s;
	int64_t high_s;
};

const char *
retention_seconds(const struct table *t)
{
	return table_column(t, "date")->family == FAMILY_INTEGER
		? "" : "UNIX_TIMESTAMP";
}

const char *
retention_date(const struct table *t, int64_t seconds,
	       char out[DATE_TEXT_SIZE])
{
	if (*retention_seconds(t) != '\0')
		return partitions_date(seconds, out);
	snprintf(out, DATE_TEXT_SIZE, "%" PRId64, seconds);
	return out;
}

int64_t
retention_delete(const struct retention *r, struct buf *sql)
{
	struct connection *c = r->store->failover.connection;

	buf_append_byte(sql, '\0');
	int error = connection_run(c, sql->at);
	buf_release(sql);
	return error == 0 ? (int64_t)mysql_affected_rows(c->mysql) : -1;
}

static void
write_window(const struct retention *r, struct window w, struct buf *sql)
{
	const struct table *t = &r->store->failover.table;
	char date[DATE_TEXT_SIZE];

	if (w.low_s > 0)
		buf_printf(sql, "`date` >= %s AND ",
			   retention_date(t, w.low_s, date));
	buf_printf(sql, "`date` < %s", retention_date(t, w.high_s, date));
}

/* Where the next window ends: a number of rows further, or at the cutoff. */
static int64_t
find_end(const struct retention *r, struct window rest)
{
	const struct failover *l = &r->store->failover;
	char table[QUOTED_SIZE];
	struct buf sql = BUF(RETENTION_SQL_MAX);

	buf_printf(&sql, "SELECT %s(`date`) FROM %s WHERE ",
		   retention_seconds(&l->table),
		   catalog_quote(l->settings->table, table));
	write_window(r, rest, &sql);
	buf_printf(&sql, " ORDER BY `date` LIMIT 1 OFFSET %d", WINDOW_ROWS);
	buf_append_byte(&sql, '\0');
	int64_t end_s = connection_ask_number(l->connection, sql.at);
	buf_release(&sql);
	if (end_s < 0)
		return rest.high_s;
	/* All of them may be of one second. */
	if (end_s <= rest.low_s)
		end_s = rest.low_s + 1;
	return end_s < rest.high_s ? end_s : rest.high_s;
}

/* The next class that partitions do not see to; false at the round's end. */
static bool
find_class(struct retention *r, int64_t dropped_s)
{
	while (r->class_now < r->class_count &&
	       r->classes[r->class_now].keep_s == dropped_s)
		r->class_now++;
	if (r->class_now < r->class_count)
		return true;
	r->class_now = 0;
	return false;
}

bool
retention_walk(struct retention *r, int64_t now_s, int64_t dropped_s,
	       struct retention_batch *b)
{
	const struct failover *l = &r->store->failover;
	char table[QUOTED_SIZE];
	struct buf sql = BUF(RETENTION_SQL_MAX);

	assert(b->most > 0);
	if (!r->has_more)
		r->class_now = 0;
	/* From the beginning of time, now and then. */
	if (!r->has_more && clock_ms() >= r->whole_walk_ms) {
		r->whole_walk_ms = clock_ms() + RETENTION_WHOLE_WALK_MS;
		for (size_t i = 0; i < r->class_count; i++)
			r->classes[i].low_s = 0;
	}
	b->rows = 0;
	b->lag_s = 0;
	if (!find_class(r, dropped_s))
		return false;
	struct retention_class *c = &r->classes[r->class_now];
	int64_t cutoff_s = now_s - c->keep_s;
	struct window w = { c->low_s, cutoff_s };
	w.high_s = find_end(r, w);
	assert(w.high_s <= cutoff_s);
	b->lag_s = cutoff_s - w.high_s;
	buf_printf(&sql, "DELETE FROM %s WHERE ",
		   catalog_quote(l->settings->table, table));
	write_window(r, w, &sql);
	buf_append_text(&sql, " AND ");
	retention_write_class(l->settings, c->keep_s, &sql);
	buf_printf(&sql, " ORDER BY `date` LIMIT %d", b->most);
	b->rows = retention_delete(r, &sql);
	if (b->rows < 0)
		return false;
	if (b->rows == b->most)
		return true;
	if (w.high_s < cutoff_s) {
		c->low_s = w.high_s;
		return true;
	}
	c->low_s = cutoff_s > LATE_S ? cutoff_s - LATE_S : 1;
	r->class_now++;
	return find_class(r, dropped_s);
}
