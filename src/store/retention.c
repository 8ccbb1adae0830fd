/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes expired mail out of the table: by dropping partitions, which costs
 * the inserts nothing, else row by row in small, paced batches. */
#include "store/retention.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "store/catalog.h"
#include "store/partitions.h"
#include "store/state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	BATCH_ROWS = 100,
	PACE_MS = 20,
	LEAST_ROUND_MS = 1000,
	MOST_ROUND_MS = 60 * 1000,
	AWAY_MS = 1000,
	ELSEWHERE_MS = 30 * 1000,       /* another machine does it */
	LOCK_BUSY = 1205,
	ALTER_TRIES = 20,
	ALTER_PAUSE_MS = 50,
	PATIENT_ROUND = 10,
	SQL_MAX = 1024 * 1024,
	LOCK_NAME_SIZE = 65
};

struct retention {
	struct store *store;
	bool has_told_no_index;
	unsigned busy_rounds;           /* ALTERs that found no moment */
	unsigned long locked_by;        /* connection that holds the lock */
};

struct retention *
retention_new(struct store *store)
{
	struct retention *r = memory_new(1, sizeof(*r));

	r->store = store;
	return r;
}

void
retention_free(struct retention **r)
{
	free(*r);
	*r = NULL;
}

/* Between two rounds: often enough that little stays over its time. */
static int64_t
round_ms(const struct retention *r)
{
	int64_t ms = r->store->settings->retention_ms / 20;

	return ms < LEAST_ROUND_MS ? LEAST_ROUND_MS :
	       ms > MOST_ROUND_MS ? MOST_ROUND_MS : ms;
}

/* The first column of the first row as a number; -1 where there is none. */
static int64_t
ask_number(struct connection *c, const char *sql)
{
	int64_t number = -1;
	MYSQL_RES *rows = connection_ask(c, sql);
	MYSQL_ROW row = rows != NULL ? mysql_fetch_row(rows) : NULL;

	if (row != NULL && row[0] != NULL)
		number = strtoll(row[0], NULL, 10);
	if (rows != NULL)
		mysql_free_result(rows);
	return number;
}

static void
lock_sql(const struct retention *r, const char *format, struct buf *sql)
{
	char name[LOCK_NAME_SIZE];
	char literal[QUOTED_SIZE];
	struct failover *l = &r->store->failover;

	snprintf(name, sizeof(name), "guerrilla-smtpd %s.%s",
		 l->settings->database, l->settings->table);
	buf_printf(sql, "SELECT %s(%s%s)", format,
		   catalog_literal(l->connection, name, literal),
		   strcmp(format, "GET_LOCK") == 0 ? ", 0" : "");
	buf_append_byte(sql, '\0');
}

/* One machine at a time, where the engine has such locks; where it has not,
 * two that do the same do no harm. */
static bool
take_lock(struct retention *r)
{
	struct connection *c = r->store->failover.connection;
	struct buf sql = BUF(SQL_MAX);

	if (r->locked_by == c->id)
		return true;
	lock_sql(r, "GET_LOCK", &sql);
	int64_t answer = ask_number(c, sql.at);
	buf_release(&sql);
	if (answer == 0)
		return false;
	r->locked_by = c->id;
	return true;
}

static void
give_lock(struct retention *r)
{
	struct connection *c = r->store->failover.connection;
	struct buf sql = BUF(SQL_MAX);

	if (c != NULL && r->locked_by == c->id) {
		lock_sql(r, "RELEASE_LOCK", &sql);
		ask_number(c, sql.at);
		buf_release(&sql);
	}
	r->locked_by = 0;
}

/* A clock that runs ahead must not expire what is fresh: the earlier of ours
 * and the server's counts. */
static int64_t
now_s(struct connection *c)
{
	int64_t ours = clock_wall_us() / 1000000;
	int64_t theirs = ask_number(c, "SELECT UNIX_TIMESTAMP()");

	return theirs > 0 && theirs < ours ? theirs : ours;
}

static const char partitions_of[] =
	"SELECT PARTITION_NAME, PARTITION_METHOD, PARTITION_EXPRESSION,"
	" PARTITION_DESCRIPTION, TABLE_ROWS FROM information_schema.PARTITIONS"
	" WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s"
	" AND PARTITION_NAME IS NOT NULL ORDER BY PARTITION_ORDINAL_POSITION";

static bool
take_partition(struct partitions *p, MYSQL_ROW row)
{
	struct partition *one = &p->at[p->count];

	if (row[0] == NULL || row[1] == NULL || row[2] == NULL ||
	    row[3] == NULL)
		return false;
	p->kind = partitions_kind(view_of(row[1]), view_of(row[2]));
	snprintf(one->name, sizeof(one->name), "%s", row[0]);
	one->rows = row[4] != NULL ? strtoull(row[4], NULL, 10) : 0;
	if (p->kind == PARTITIONS_NONE ||
	    !partitions_boundary(p->kind, view_of(row[3]), &one->below_s))
		return false;
	p->count++;
	return true;
}

/* kind is PARTITIONS_NONE where rows must be deleted instead. */
static struct partitions
read_partitions(struct failover *l)
{
	struct partitions p = { .kind = PARTITIONS_NONE };
	MYSQL_RES *rows = catalog_ask(l->connection, partitions_of,
				      l->settings->table);

	if (rows == NULL)
		return p;
	p.at = memory_new((size_t)mysql_num_rows(rows), sizeof(*p.at));
	for (MYSQL_ROW row; (row = mysql_fetch_row(rows)) != NULL;) {
		if (take_partition(&p, row))
			continue;
		p.kind = PARTITIONS_NONE;
		break;
	}
	mysql_free_result(rows);
	return p;
}

static int
alter_within(struct connection *c, const char *sql, int seconds)
{
	char set[64];

	snprintf(set, sizeof(set), "SET SESSION lock_wait_timeout = %d",
		 seconds);
	connection_run(c, set);
	int error = connection_run(c, sql);
	struct store_fault fault = c->fault;
	connection_run(c, "SET SESSION lock_wait_timeout = DEFAULT");
	c->fault = fault;
	return error;
}

/* An ALTER that waits behind a long SELECT makes every INSERT wait behind
 * itself. MariaDB's need not wait: between two INSERTs there is a moment for
 * it. Others wait a second at least; so do we where there is no such moment,
 * but seldom: partitions are three intervals ahead. */
static int
alter_gently(struct retention *r, const char *sql)
{
	struct connection *c = r->store->failover.connection;
	const struct timespec pause = { 0, ALTER_PAUSE_MS * 1000000L };
	bool may_wait = strstr(c->server.version, "MariaDB") == NULL ||
			r->busy_rounds % PATIENT_ROUND == PATIENT_ROUND - 1;
	int error = LOCK_BUSY;

	if (may_wait)
		return alter_within(c, sql, 1);
	for (int i = 0; i < ALTER_TRIES && error == LOCK_BUSY; i++) {
		if (i > 0)
			nanosleep(&pause, NULL);
		error = alter_within(c, sql, 0);
	}
	return error;
}

static bool
alter(struct retention *r, struct buf *sql)
{
	buf_append_byte(sql, '\0');
	const struct connection *c = r->store->failover.connection;
	int error = alter_gently(r, sql->at);
	sql->len = 0;
	if (error == 0) {
		r->busy_rounds = 0;
		return true;
	}
	if (error != LOCK_BUSY || r->busy_rounds == 0)
		log_warn("partitions cannot be altered now",
			 LOG_NUM("error", error),
			 LOG_STR("text", c->fault.text));
	r->busy_rounds += error == LOCK_BUSY;
	return false;
}

static void
keep_partitions(struct retention *r, struct partitions *p, int64_t now)
{
	char table[QUOTED_SIZE];
	struct buf sql = BUF(SQL_MAX);
	int64_t retention_s = r->store->settings->retention_ms / 1000;

	p->interval_s = partitions_interval(p->kind, retention_s);
	catalog_quote(r->store->settings->table, table);
	if (partitions_write_new(p, table, now, &sql))
		alter(r, &sql);
	int64_t rows = partitions_write_drop(p, table, now - retention_s,
					     &sql);
	if (rows >= 0 && alter(r, &sql)) {
		slot_count(r->store->slot, COUNT_ROWS_EXPIRED,
			   (uint64_t)rows);
		log_info("expired mail is dropped by partitions",
			 LOG_NUM("rows_about", rows));
	}
	buf_release(&sql);
}

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
	struct buf sql = BUF(SQL_MAX);
	const struct table_column *c = table_column(&l->table, "date");

	if (c->family == FAMILY_INTEGER)
		snprintf(date, sizeof(date), "%" PRId64, cutoff_s);
	else
		partitions_date(cutoff_s, date);
	buf_printf(&sql, "DELETE FROM %s WHERE `date` < %s ORDER BY `date` "
		   "LIMIT %d", catalog_quote(l->settings->table, table), date,
		   BATCH_ROWS);
	buf_append_byte(&sql, '\0');
	int error = connection_run(l->connection, sql.at);
	buf_release(&sql);
	return error == 0 ? (int64_t)mysql_affected_rows(l->connection->mysql)
			  : -1;
}

static int64_t
delete_step(struct retention *r, int64_t now)
{
	struct connection *c = r->store->failover.connection;

	if (!has_index(r))
		return MOST_ROUND_MS;
	int64_t rows = delete_some(r, now -
				   r->store->settings->retention_ms / 1000);
	if (rows < 0) {
		log_warn("expired mail cannot be deleted",
			 LOG_NUM("error", c->fault.error),
			 LOG_STR("text", c->fault.text));
		return ELSEWHERE_MS;
	}
	slot_count(r->store->slot, COUNT_ROWS_EXPIRED, (uint64_t)rows);
	return rows < BATCH_ROWS ? round_ms(r) : PACE_MS;
}

static int64_t
run_step(struct retention *r)
{
	struct failover *l = &r->store->failover;

	if (!take_lock(r))
		return ELSEWHERE_MS;
	int64_t now = now_s(l->connection);
	struct partitions p = read_partitions(l);
	int64_t wait_ms = round_ms(r);
	if (p.kind != PARTITIONS_NONE)
		keep_partitions(r, &p, now);
	else
		wait_ms = delete_step(r, now);
	free(p.at);
	/* While there is more the lock is kept: others need not look. */
	if (wait_ms != PACE_MS)
		give_lock(r);
	return wait_ms;
}

int64_t
retention_step(struct retention *r)
{
	struct failover *l = &r->store->failover;

	if (l->settings->retention_ms <= 0)
		return MOST_ROUND_MS;
	if (!failover_connect(l, clock_ms() + l->settings->timeout_ms))
		return AWAY_MS;
	if (table_column(&l->table, "date") == NULL)
		return MOST_ROUND_MS;
	slot_enter_database(r->store->slot);
	int64_t wait_ms = run_step(r);
	slot_leave_database(r->store->slot);
	return wait_ms;
}
