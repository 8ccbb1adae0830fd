/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows go in small batches with pauses, so that the inserts hardly feel it;
 * where mail expires faster than that, in larger ones with shorter. */
#include "store/retention_rows.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/catalog.h"

#include <inttypes.h>
#include <stdio.h>

enum {
	BATCH_ROWS = 100,               /* costs the inserts 6 % with */
	PACE_MS = 20,                   /* such pauses; in a hurry more */
	FASTEST = 4,                    /* rows doubled, pauses halved */
	LAG_LOOK_MS = 1000
};

static bool
has_index(struct retention *r)
{
	if (r->store->failover.table.has_date_index)
		return true;
	if (!r->has_told_no_index)
		log_error("retention needs an index that begins with `date`: "
			  "nothing is expired",
			  LOG_STR("table", r->store->settings->table));
	r->has_told_no_index = true;
	return false;
}

/* Rows that went; -1 with the connection's fault. */
static int64_t
delete_some(struct retention *r, int64_t cutoff_s)
{
	struct failover *l = &r->store->failover;
	char table[QUOTED_SIZE];
	char date[DATE_TEXT_SIZE];
	struct buf sql = BUF(RETENTION_SQL_MAX);
	const struct table_column *c = table_column(&l->table, "date");

	if (c->family == FAMILY_INTEGER)
		snprintf(date, sizeof(date), "%" PRId64, cutoff_s);
	else
		partitions_date(cutoff_s, date);
	buf_printf(&sql, "DELETE FROM %s WHERE `date` < %s ORDER BY `date` "
		   "LIMIT %d", catalog_quote(l->settings->table, table), date,
		   BATCH_ROWS << r->hurry);
	buf_append_byte(&sql, '\0');
	int error = connection_run(l->connection, sql.at);
	buf_release(&sql);
	return error == 0 ? (int64_t)mysql_affected_rows(l->connection->mysql)
			  : -1;
}

/* How far the oldest row is beyond its time; 0 where there is none. */
static int64_t
ask_lag_s(struct retention *r, int64_t cutoff_s)
{
	struct failover *l = &r->store->failover;
	char table[QUOTED_SIZE];
	struct buf sql = BUF(RETENTION_SQL_MAX);
	bool is_number = table_column(&l->table, "date")->family ==
			 FAMILY_INTEGER;

	buf_printf(&sql, "SELECT %s(MIN(`date`)) FROM %s",
		   is_number ? "" : "UNIX_TIMESTAMP",
		   catalog_quote(l->settings->table, table));
	buf_append_byte(&sql, '\0');
	int64_t oldest_s = connection_ask_number(l->connection, sql.at);
	buf_release(&sql);
	return oldest_s > 0 && oldest_s < cutoff_s ? cutoff_s - oldest_s : 0;
}

/* Where more expires than is deleted the oldest row grows older. */
static void
set_pace(struct retention *r, int64_t cutoff_s)
{
	int64_t now = clock_ms();

	if (now < r->lag_look_ms)
		return;
	int64_t lag_s = ask_lag_s(r, cutoff_s);
	bool is_behind = r->lag_look_ms > 0 && lag_s > 0 &&
			 lag_s >= r->lag_s;
	r->lag_look_ms = now + LAG_LOOK_MS;
	r->lag_s = lag_s;
	slot_gauge(r->store->slot, GAUGE_RETENTION_LAG, (uint64_t)lag_s);
	if (!is_behind)
		return;
	if (r->hurry == 0)
		log_warn("mail expires faster than it is deleted: the pace "
			 "rises", LOG_NUM("behind_s", lag_s));
	r->hurry += r->hurry < FASTEST;
}

static void
end_round(struct retention *r)
{
	if (r->round_rows > 0)
		log_info("expired mail is deleted",
			 LOG_NUM("rows", r->round_rows));
	if (r->hurry > 0)
		log_info("no expired mail is left");
	slot_gauge(r->store->slot, GAUGE_RETENTION_LAG, 0);
	r->round_rows = 0;
	r->hurry = 0;
	r->lag_look_ms = 0;
}

int64_t
retention_delete_rows(struct retention *r, int64_t now)
{
	struct connection *c = r->store->failover.connection;
	int64_t cutoff_s = now - r->store->settings->retention_ms / 1000;

	if (!has_index(r))
		return RETENTION_MOST_ROUND_MS;
	int64_t rows = delete_some(r, cutoff_s);
	if (rows < 0) {
		log_warn("expired mail cannot be deleted",
			 LOG_NUM("error", c->fault.error),
			 LOG_STR("text", c->fault.text));
		return RETENTION_ELSEWHERE_MS;
	}
	slot_count(r->store->slot, COUNT_ROWS_EXPIRED, (uint64_t)rows);
	r->round_rows += (uint64_t)rows;
	r->has_more = rows == BATCH_ROWS << r->hurry;
	if (r->has_more)
		set_pace(r, cutoff_s);
	else
		end_round(r);
	return r->has_more ? PACE_MS >> r->hurry : RETENTION_NEXT_ROUND;
}
