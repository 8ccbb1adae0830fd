/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages that may be in the table although nobody said so: at most what
 * was in a few statements, so a list will do. With a UNIQUE id the same
 * INSERT settles one. Without it we look, but only on the very server, and
 * only when its old connection is gone: what has not committed yet cannot
 * be seen. */
#include "store/in_doubt.h"

#include "base/clock.h"
#include "base/memory.h"
#include "store/catalog.h"
#include "store/server.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STATEMENT_MAX = 2048, NO_SUCH_THREAD = 1094, LOOK_PAUSE_MS = 20,
       KEY_FRESH_MS = 1000 };

void
in_doubt_deinit(struct in_doubt_list *d)
{
	free(d->at);
	*d = (struct in_doubt_list){ 0 };
}

struct in_doubt *
in_doubt_find(const struct in_doubt_list *d, const struct message *m)
{
	for (size_t i = 0; i < d->count; i++)
		if (memcmp(d->at[i].id, m->id, MAIL_ID_LEN) == 0)
			return &d->at[i];
	return NULL;
}

struct in_doubt *
in_doubt_add(struct in_doubt_list *d, const struct message *m)
{
	struct in_doubt *doubt = in_doubt_find(d, m);

	if (doubt != NULL)
		return doubt;
	d->at = memory_grow(d->at, d->count, sizeof(*d->at));
	doubt = &d->at[d->count++];
	memset(doubt, 0, sizeof(*doubt));
	memcpy(doubt->id, m->id, sizeof(doubt->id));
	return doubt;
}

void
in_doubt_lost(struct in_doubt *d, const struct lost_connection *lost)
{
	assert(lost->is_known);
	d->may_be_stored = true;
	d->lost = *lost;
	d->since_ms = clock_ms();
}

/* A number and a name each, of which none has a space. */
bool
in_doubt_write(const struct in_doubt *d, char out[LOST_TEXT_SIZE])
{
	const struct server *s = &d->lost.server;

	if (!d->may_be_stored || !d->lost.is_known)
		return false;
	snprintf(out, LOST_TEXT_SIZE, "%lu %lld %zu %zu %s %s", d->lost.id,
		 (long long)s->started_s, s->id, s->port, s->hostname,
		 s->uuid);
	return true;
}

void
in_doubt_suspect(struct in_doubt *d, struct view text)
{
	struct lost_connection lost = { .is_known = true };
	struct server *s = &lost.server;
	char line[LOST_TEXT_SIZE];
	char *at = line;

	/* The time-outs were another try's. */
	d->timeouts = 0;
	d->is_given_up = false;
	d->may_be_stored = true;
	if (d->lost.is_known)
		return;
	snprintf(line, sizeof(line), "%.*s", (int)text.len, text.at);
	lost.id = strtoul(at, &at, 10);
	s->started_s = strtoll(at, &at, 10);
	s->id = strtoul(at, &at, 10);
	s->port = strtoul(at, &at, 10);
	if (lost.id == 0 ||
	    sscanf(at, "%259s %259s", s->hostname, s->uuid) < 1)
		return;
	d->lost = lost;
	d->since_ms = clock_ms();
}

void
in_doubt_remove(struct in_doubt_list *d, const struct message *m)
{
	struct in_doubt *doubt = d->count > 0 ? in_doubt_find(d, m) : NULL;

	if (doubt != NULL)
		*doubt = d->at[--d->count];
}

/* ---- Without a UNIQUE id ------------------------------------------------ */

/* STORED: it has rows; UNKNOWN: the database did not say. */
static enum settled
has_rows(struct failover *l, const char *sql)
{
	slot_enter_database(l->slot);
	MYSQL_RES *rows = connection_ask(l->connection, sql);
	slot_leave_database(l->slot);
	if (rows == NULL)
		return SETTLED_UNKNOWN;
	bool is_there = mysql_num_rows(rows) > 0;
	mysql_free_result(rows);
	return is_there ? SETTLED_STORED : SETTLED_ABSENT;
}

/* All rows of a message came in one transaction: the first that has a row
 * speaks for all. */
enum settled
in_doubt_look(struct failover *l, const struct message *m)
{
	char sql[STATEMENT_MAX];
	char table[QUOTED_SIZE];
	unsigned n = 0;

	for (const struct recipient *r = m->envelope.first;
	     r != NULL && r->is_discarded; r = r->next)
		n++;
	snprintf(sql, sizeof(sql), "SELECT 1 FROM %s WHERE `hash` = "
		 "'%.*s%04x' LIMIT 1", catalog_quote(l->settings->table, table),
		 MAIL_ID_LEN - 4, m->id, n);
	return has_rows(l, sql);
}

enum settled
in_doubt_duplicate(struct failover *l, const struct message *m)
{
	char own[MAIL_ID_LEN - 3];

	assert(l->connection != NULL);
	/* The error quotes the key's values; an id is nobody else's. */
	snprintf(own, sizeof(own), "%.*s", MAIL_ID_LEN - 4, m->id);
	if (strstr(l->connection->fault.text, own) != NULL)
		return SETTLED_STORED;
	return in_doubt_look(l, m);
}

/* After a restart of the server its number may be another's connection, or
 * this one's; the one that was ours cannot have outlived it. */
static bool
end_connection(struct failover *l, const struct lost_connection *lost)
{
	const struct timespec pause = { 0, LOOK_PAUSE_MS * 1000000L };
	char sql[STATEMENT_MAX];
	int64_t give_up_ms = clock_ms() + l->settings->timeout_ms;

	if (server_is_restarted(&lost->server, &l->connection->server) ||
	    lost->id == l->connection->id)
		return true;
	snprintf(sql, sizeof(sql), "KILL CONNECTION %lu", lost->id);
	slot_enter_database(l->slot);
	int error = connection_run(l->connection, sql);
	slot_leave_database(l->slot);
	if (error == NO_SUCH_THREAD)
		return true;
	if (error != 0)
		return false;
	snprintf(sql, sizeof(sql), "SELECT 1 FROM "
		 "information_schema.PROCESSLIST WHERE ID = %lu", lost->id);
	for (enum settled seen; (seen = has_rows(l, sql)) != SETTLED_ABSENT;) {
		if (clock_ms() >= give_up_ms ||
		    (seen == SETTLED_UNKNOWN &&
		     outcome_is_of_client(l->connection->fault.error)))
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

/* Only the server that lost it can say what became of it; but where that one
 * never comes back, mail must not wait for it without end. */
static enum settled
settle_by_looking(struct failover *l, const struct in_doubt *d,
		  const struct message *m)
{
	int64_t age_ms = (clock_wall_us() - m->complete_wall_us) / 1000;
	bool is_there = server_is_same(&d->lost.server,
				       &l->connection->server);

	if (d->lost.is_known && !is_there && age_ms < l->settings->set_aside_ms)
		return SETTLED_UNKNOWN;
	if (d->lost.is_known && is_there && !end_connection(l, &d->lost))
		return SETTLED_UNKNOWN;
	if (l->connection->server.is_galera)
		connection_run(l->connection,
			       "SET SESSION wsrep_sync_wait = 1");
	enum settled answer = in_doubt_look(l, m);
	if (l->connection->server.is_galera)
		connection_run(l->connection,
			       "SET SESSION wsrep_sync_wait = 0");
	return answer;
}

/* ---- With one ------------------------------------------------------------ */

enum settled
in_doubt_settle(struct failover *l, struct in_doubt *d,
		const struct message *m, int64_t stop_ms)
{
	int64_t held_ms = clock_ms() - m->complete_us / 1000;
	bool is_late = stop_ms != INT64_MAX || held_ms >= l->settings->hold_ms;

	assert(l->connection != NULL);
	if (d->is_given_up || (d->timeouts > 0 && is_late))
		return SETTLED_UNKNOWN;
	if (!d->may_be_stored)
		return SETTLED_ABSENT;
	/* The key may have been made or dropped since the table was read. */
	if (clock_ms() - l->read_ms > KEY_FRESH_MS && !failover_reread(l))
		return SETTLED_UNKNOWN;
	/* The same INSERT is refused if the lost one counts. What the old host
	 * may still be committing needs time to arrive on another; but a
	 * cluster that certifies puts both in one order. */
	const struct server *now = &l->connection->server;
	if (l->table.has_unique_id)
		return !d->lost.is_known ||
		       server_is_same(&d->lost.server, now) ||
		       server_is_certified_with(&d->lost.server, now) ||
		       clock_ms() - d->since_ms >= l->settings->timeout_ms ?
		       SETTLED_ABSENT : SETTLED_UNKNOWN;
	enum settled answer = settle_by_looking(l, d, m);
	/* Its time-outs stay counted. */
	if (answer == SETTLED_ABSENT)
		d->may_be_stored = false;
	return answer;
}
