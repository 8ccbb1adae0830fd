/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes expired mail out of the table: by dropping partitions, which costs
 * the inserts nothing, else row by row in small, paced batches. */
#include "store/retention.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "store/catalog.h"
#include "store/retention_domains.h"
#include "store/retention_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_ROUND_MS = 1000, AWAY_MS = 1000, LOCK_NAME_SIZE = 65,
       NEXT_ROUND = -1 };

/* Rows go in small batches with pauses, so that the inserts hardly feel it;
 * where mail expires faster than that, in larger ones with shorter. */
enum {
	BATCH_ROWS = 100,               /* costs the inserts 6 % with */
	PACE_MS = 20,                   /* such pauses; in a hurry more */
	FASTEST = 4,                    /* rows doubled, pauses halved */
	LAG_LOOK_MS = 1000
};

struct retention *
retention_new(struct store *store)
{
	struct retention *r = memory_new(1, sizeof(*r));
	int64_t *keep_s =
		memory_new(store->settings->retention_domain_count + 1,
			   sizeof(*keep_s));

	r->store = store;
	r->class_count = retention_classes(store->settings, keep_s);
	r->classes = memory_new(r->class_count + 1, sizeof(*r->classes));
	for (size_t i = 0; i < r->class_count; i++)
		r->classes[i].keep_s = keep_s[i];
	free(keep_s);
	return r;
}

void
retention_free(struct retention **r)
{
	if (*r == NULL)
		return;
	free((*r)->classes);
	free(*r);
	*r = NULL;
}

/* ---- Row by row ---------------------------------------------------------- */

/* How long the oldest row is over its time. */
static int64_t
ask_lag(const struct retention *r, int64_t cutoff_s)
{
	const struct failover *l = &r->store->failover;
	char table[QUOTED_SIZE];
	struct buf sql = BUF(RETENTION_SQL_MAX);

	buf_printf(&sql, "SELECT %s(MIN(`date`)) FROM %s",
		   retention_seconds(&l->table),
		   catalog_quote(l->settings->table, table));
	buf_append_byte(&sql, '\0');
	int64_t oldest_s = connection_ask_number(l->connection, sql.at);
	buf_release(&sql);
	return oldest_s > 0 && oldest_s < cutoff_s ? cutoff_s - oldest_s : 0;
}

/* Where more expires than is deleted the oldest row grows older. */
static void
set_pace(struct retention *r, int64_t now, int64_t lag_s)
{
	if (now < r->lag_look_ms)
		return;
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

/* A batch of those that are older than all may be; b->rows: how many went, -1
 * with the connection's fault. */
static bool
delete_oldest(struct retention *r, int64_t now_s, struct retention_batch *b)
{
	struct failover *l = &r->store->failover;
	int64_t cutoff_s = now_s - l->settings->retention_ms / 1000;
	char table[QUOTED_SIZE];
	char date[DATE_TEXT_SIZE];
	struct buf sql = BUF(RETENTION_SQL_MAX);

	buf_printf(&sql, "DELETE FROM %s WHERE `date` < %s ORDER BY `date` "
		   "LIMIT %lld", catalog_quote(l->settings->table, table),
		   retention_date(&l->table, cutoff_s, date),
		   (long long)b->most);
	b->rows = retention_delete(r, &sql);
	bool has_more = b->rows == b->most;
	if (has_more && clock_ms() >= r->lag_look_ms)
		b->lag_s = ask_lag(r, cutoff_s);
	return has_more;
}

static int64_t
delete_rows(struct retention *r, int64_t now_s, int64_t dropped_s)
{
	const struct connection *c = r->store->failover.connection;
	struct retention_batch b = { .most = BATCH_ROWS << r->hurry };

	if (!r->store->failover.table.has_date_index) {
		if (!r->has_told_no_index)
			log_error("retention needs an index that begins with "
				  "`date`: nothing is expired",
				  LOG_STR("table",
					  r->store->settings->table));
		r->has_told_no_index = true;
		return RETENTION_MOST_ROUND_MS;
	}
	r->has_more = r->store->settings->retention_domain_count > 0 ?
		retention_walk(r, now_s, dropped_s, &b) :
		delete_oldest(r, now_s, &b);
	if (b.rows < 0) {
		log_warn("expired mail cannot be deleted",
			 LOG_NUM("error", c->fault.error),
			 LOG_STR("text", c->fault.text));
		return RETENTION_ELSEWHERE_MS;
	}
	slot_count(r->store->slot, COUNT_ROWS_EXPIRED, (uint64_t)b.rows);
	r->round_rows += (uint64_t)b.rows;
	if (r->has_more) {
		if (b.rows == b.most)
			set_pace(r, clock_ms(), b.lag_s);
		return PACE_MS >> r->hurry;
	}
	if (r->round_rows > 0)
		log_info("expired mail is deleted",
			 LOG_NUM("rows", r->round_rows));
	if (r->hurry > 0)
		log_info("no expired mail is left");
	slot_gauge(r->store->slot, GAUGE_RETENTION_LAG, 0);
	r->round_rows = 0;
	r->hurry = 0;
	r->lag_look_ms = 0;
	return NEXT_ROUND;
}

/* ---- A step -------------------------------------------------------------- */

/* call: GET or RELEASE; -1 where the engine has no such locks. */
static int64_t
ask_lock(const struct failover *l, const char *call)
{
	char name[LOCK_NAME_SIZE];
	char literal[QUOTED_SIZE];
	struct buf sql = BUF(RETENTION_SQL_MAX);

	snprintf(name, sizeof(name), "guerrilla-smtpd %s.%s",
		 l->settings->database, l->settings->table);
	buf_printf(&sql, "SELECT %s_LOCK(%s%s)", call,
		   catalog_literal(l->connection, name, literal),
		   strcmp(call, "GET") == 0 ? ", 0" : "");
	buf_append_byte(&sql, '\0');
	int64_t answer = connection_ask_number(l->connection, sql.at);
	buf_release(&sql);
	return answer;
}

/* Makes and drops the table's partitions. How long mail is kept that they
 * take out; -1 where none is. A raw message stays until its rows are gone. */
static int64_t
see_to_partitions(struct retention *r, const struct table *t, int64_t now)
{
	int64_t keep_s = retention_longest_s(r->store->settings);
	int64_t dropped_s = -1;

	if (keep_s == 0)
		return -1;
	struct partitions p = retention_read_partitions(r, t);
	if (p.kind != PARTITIONS_NONE) {
		p.interval_s = partitions_interval(p.kind, keep_s);
		p.cutoff_s = now - keep_s;
		if (!partitions_are_coarse(&p, p.cutoff_s, keep_s))
			dropped_s = keep_s;
		if (t->is_raw && partitions_expired(&p, p.cutoff_s) > 0)
			p.cutoff_s -= ask_lag(r, p.cutoff_s);
		if (!(t->is_raw ? r->has_more_raws : r->has_more))
			retention_keep_partitions(r, t, &p, now);
	}
	free(p.at);
	return dropped_s;
}

static int64_t
run_step(struct retention *r)
{
	struct failover *l = &r->store->failover;

	/* One machine at a time, where the engine has such locks; where it has
	 * not, two that do the same do no harm. */
	if (r->locked_by != l->connection->id && ask_lock(l, "GET") == 0)
		return RETENTION_ELSEWHERE_MS;
	r->locked_by = l->connection->id;
	/* A clock that runs ahead must not expire what is fresh: the earlier
	 * of ours and the server's counts. */
	int64_t now = clock_wall_us() / 1000000;
	int64_t theirs = connection_ask_number(l->connection,
					       "SELECT UNIX_TIMESTAMP()");
	if (theirs > 0 && theirs < now)
		now = theirs;
	int64_t wait_ms = NEXT_ROUND;
	int64_t dropped_s = see_to_partitions(r, &l->table, now);
	if (dropped_s < 0 || l->settings->retention_domain_count > 0)
		wait_ms = delete_rows(r, now, dropped_s);
	else
		r->has_more = false;
	if (l->raw_table.name != NULL)
		r->has_more_raws = retention_walk_raws(r, now, dropped_s,
			see_to_partitions(r, &l->raw_table, now));
	if (r->has_more_raws && wait_ms == NEXT_ROUND)
		wait_ms = PACE_MS;
	/* While there is more the lock is kept: others need not look. */
	bool has_more = r->has_more || r->has_more_raws;
	if (!has_more)
		slot_gauge(r->store->slot, GAUGE_RETENTION_DONE,
			   (uint64_t)clock_wall_us() / 1000000);
	if (!has_more && l->connection != NULL &&
	    r->locked_by == l->connection->id)
		ask_lock(l, "RELEASE");
	if (!has_more)
		r->locked_by = 0;
	if (wait_ms != NEXT_ROUND)
		return wait_ms;
	/* Often enough that little stays over its time. */
	wait_ms = retention_shortest_s(l->settings) * 1000 / 20;
	return wait_ms < LEAST_ROUND_MS ? LEAST_ROUND_MS :
	       wait_ms > RETENTION_MOST_ROUND_MS ? RETENTION_MOST_ROUND_MS :
						   wait_ms;
}

int64_t
retention_step(struct retention *r)
{
	struct failover *l = &r->store->failover;

	if (retention_shortest_s(l->settings) <= 0)
		return RETENTION_MOST_ROUND_MS;
	if (!failover_connect(l, clock_ms() + l->settings->timeout_ms))
		return AWAY_MS;
	if (table_column(&l->table, "date") == NULL)
		return RETENTION_MOST_ROUND_MS;
	slot_enter_database(r->store->slot);
	int64_t wait_ms = run_step(r);
	slot_leave_database(r->store->slot);
	return wait_ms;
}
