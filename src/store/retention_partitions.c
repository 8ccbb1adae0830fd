/* SPDX-License-Identifier: GPL-3.0-or-later */
/* To drop a partition costs the inserts nothing; to make one may, where mail
 * lies in the place that it takes. */
#include "store/retention_state.h"

#include "base/log.h"
#include "base/memory.h"
#include "store/catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	LOCK_BUSY = 1205,
	ALTER_TRIES = 20,
	ALTER_PAUSE_MS = 50,
	PATIENT_ROUND = 10,
	COPIED_ROWS = 1000,             /* that partitions may be made of */
	COPIED_BYTES = 16 * 1024 * 1024
};

static const char partitions_of[] =
	"SELECT PARTITION_NAME, PARTITION_METHOD, PARTITION_EXPRESSION,"
	" PARTITION_DESCRIPTION, TABLE_ROWS, DATA_LENGTH"
	" FROM information_schema.PARTITIONS"
	" WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s"
	" AND PARTITION_NAME IS NOT NULL ORDER BY PARTITION_ORDINAL_POSITION";

struct partitions
retention_read_partitions(struct retention *r, const struct table *t)
{
	const struct failover *l = &r->store->failover;
	struct partitions p = { .kind = PARTITIONS_NONE };
	MYSQL_RES *rows = catalog_ask(l->connection, partitions_of,
				      t->name);
	MYSQL_ROW row;

	if (rows == NULL)
		return p;
	p.at = memory_new((size_t)mysql_num_rows(rows), sizeof(*p.at));
	while ((row = mysql_fetch_row(rows)) != NULL) {
		struct partition *one = &p.at[p.count];
		if (row[0] == NULL || row[1] == NULL || row[2] == NULL ||
		    row[3] == NULL)
			break;
		p.kind = partitions_kind(view_of(row[1]), view_of(row[2]));
		snprintf(one->name, sizeof(one->name), "%s", row[0]);
		one->rows = row[4] != NULL ? strtoull(row[4], NULL, 10) : 0;
		one->bytes = row[5] != NULL ? strtoull(row[5], NULL, 10) : 0;
		if (p.kind == PARTITIONS_NONE ||
		    !partitions_boundary(p.kind, view_of(row[3]),
					 &one->below_s))
			break;
		p.count++;
	}
	/* One that cannot be read: then rows go one by one. */
	if (row != NULL)
		p.kind = PARTITIONS_NONE;
	mysql_free_result(rows);
	return p;
}

static void
set_lock_wait(struct connection *c, int seconds)
{
	struct store_fault fault = c->fault;
	char sql[64];

	snprintf(sql, sizeof(sql), "SET SESSION lock_wait_timeout = %d",
		 seconds);
	connection_run(c, sql);
	c->fault = fault;
}

/* An ALTER that waits behind a long SELECT makes every INSERT wait behind
 * itself. MariaDB's need not wait: between two INSERTs there is a moment for
 * it. Others wait a second at least; so do we where there is no such moment,
 * but seldom: partitions are three intervals ahead. */
static bool
alter(struct retention *r, struct buf *sql)
{
	struct connection *c = r->store->failover.connection;
	const struct timespec pause = { 0, ALTER_PAUSE_MS * 1000000L };
	bool may_wait = strstr(c->server.version, "MariaDB") == NULL ||
			r->busy_rounds % PATIENT_ROUND == PATIENT_ROUND - 1;
	int tries = may_wait ? 1 : ALTER_TRIES;
	int error = LOCK_BUSY;

	buf_append_byte(sql, '\0');
	set_lock_wait(c, may_wait ? 1 : 0);
	while (error == LOCK_BUSY && tries-- > 0) {
		error = connection_run(c, sql->at);
		if (error == LOCK_BUSY && tries > 0)
			nanosleep(&pause, NULL);
	}
	set_lock_wait(c, c->lock_wait_s);
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

/* Out of the last partition rows are copied, and no row comes in meanwhile:
 * a few do no harm; more are for the operator, at a quiet hour. */
static bool
may_be_made(struct retention *r, const struct partitions *p,
	    const char *table, const struct buf *alter_sql)
{
	struct buf sql = BUF(RETENTION_SQL_MAX);
	const struct partition *rest = partitions_catch_all(p);

	if (rest == NULL)
		return true;
	buf_printf(&sql, "SELECT COUNT(*) FROM (SELECT 1 FROM %s PARTITION "
		   "(`%s`) LIMIT %d) AS a_few", table, rest->name,
		   COPIED_ROWS + 1);
	buf_append_byte(&sql, '\0');
	int64_t rows = connection_ask_number(r->store->failover.connection,
					     sql.at);
	buf_release(&sql);
	if (rows <= COPIED_ROWS && rest->bytes <= COPIED_BYTES) {
		r->has_told_copy = false;
		return rows >= 0;
	}
	if (!r->has_told_copy)
		log_warn("mail lies in the last partition: others are not "
			 "made, since that copies it while inserts wait",
			 LOG_STR("partition", rest->name),
			 LOG_NUM("rows_about", rest->rows),
			 LOG_NUM("bytes_about", rest->bytes),
			 LOG_VIEW("statement", buf_view(alter_sql)));
	r->has_told_copy = true;
	return false;
}

void
retention_keep_partitions(struct retention *r, const struct table *t,
			  const struct partitions *p, int64_t now_s)
{
	char table[QUOTED_SIZE];
	struct buf sql = BUF(RETENTION_SQL_MAX);
	size_t count = partitions_expired(p, p->cutoff_s);

	catalog_quote(t->name, table);
	if (partitions_write_new(p, table, now_s, &sql) &&
	    may_be_made(r, p, table, &sql))
		alter(r, &sql);
	sql.len = 0;
	if (count > 0) {
		uint64_t rows = partitions_write_drop(p, table, count, &sql);
		if (alter(r, &sql)) {
			slot_count(r->store->slot, COUNT_ROWS_EXPIRED,
				   t->is_raw ? 0 : rows);
			log_info("expired mail is dropped by partitions",
				 LOG_NUM("partitions", count),
				 LOG_NUM("rows_about", rows),
				 LOG_STR("table", t->name));
		}
	}
	buf_release(&sql);
}
