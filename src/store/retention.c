/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes expired mail out of the table: by dropping partitions, which costs
 * the inserts nothing, else row by row in small, paced batches. */
#include "store/retention.h"

#include "base/clock.h"
#include "base/memory.h"
#include "store/catalog.h"
#include "store/retention_partitions.h"
#include "store/retention_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_ROUND_MS = 1000, AWAY_MS = 1000, LOCK_NAME_SIZE = 65 };

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
	       ms > RETENTION_MOST_ROUND_MS ? RETENTION_MOST_ROUND_MS : ms;
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
	struct buf sql = BUF(RETENTION_SQL_MAX);

	if (r->locked_by == c->id)
		return true;
	lock_sql(r, "GET_LOCK", &sql);
	int64_t answer = connection_ask_number(c, sql.at);
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
	struct buf sql = BUF(RETENTION_SQL_MAX);

	if (c != NULL && r->locked_by == c->id) {
		lock_sql(r, "RELEASE_LOCK", &sql);
		connection_ask_number(c, sql.at);
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
	int64_t theirs = connection_ask_number(c, "SELECT UNIX_TIMESTAMP()");

	return theirs > 0 && theirs < ours ? theirs : ours;
}

static int64_t
run_step(struct retention *r)
{
	struct failover *l = &r->store->failover;

	if (!take_lock(r))
		return RETENTION_ELSEWHERE_MS;
	int64_t now = now_s(l->connection);
	int64_t retention_s = l->settings->retention_ms / 1000;
	struct partitions p = retention_read_partitions(r);
	int64_t wait_ms = RETENTION_NEXT_ROUND;
	bool has_partitions = p.kind != PARTITIONS_NONE;
	p.interval_s = partitions_interval(p.kind, retention_s);
	if (has_partitions && !r->has_more)
		retention_keep_partitions(r, &p, now);
	if (!has_partitions ||
	    partitions_are_coarse(&p, now - retention_s, retention_s))
		wait_ms = retention_delete_rows(r, now);
	else
		r->has_more = false;
	free(p.at);
	/* While there is more the lock is kept: others need not look. */
	if (!r->has_more)
		give_lock(r);
	return wait_ms == RETENTION_NEXT_ROUND ? round_ms(r) : wait_ms;
}

int64_t
retention_step(struct retention *r)
{
	struct failover *l = &r->store->failover;

	if (l->settings->retention_ms <= 0)
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
