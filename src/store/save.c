/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attempts to store messages, and what each outcome leads to. */
#include "store/save.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "store/outcome.h"
#include "store/server.h"
#include "store/size_limits.h"
#include "store/transaction.h"

#include <errmsg.h>

#include <string.h>
#include <time.h>

enum { MOST_REPEATS = 8, FIRST_PAUSE_MS = 4, LONGEST_PAUSE_MS = 200,
       MOST_TIMEOUTS = 2 };

static void
decide(struct store *s, struct mail *mail, enum verdict verdict, int error)
{
	mail->message->verdict = verdict;
	mail->message->error = error;
	in_doubt_remove(&s->in_doubt, mail->message);
}

/* The raw message has the first claim to the packet, the body what is left. */
static void
trim_body(const struct store *s, struct row *row)
{
	size_t room = size_limits_row_bytes(&s->failover.connection->server);
	size_t others = insert_row_bytes(row) - row->body_len;

	if (row->body_len > room || others > room - row->body_len)
		row->body_len = utf8_cut_bytes(row->mail->body, room > others ?
						       room - others : 0);
}

/* The rows of a group, in the store's kept array. */
static struct rows
rows_of(struct store *s, struct group g)
{
	size_t count = 0;

	for (size_t i = 0; i < g.count; i++)
		count += g.mails[i]->message->envelope.recipients;
	if (count > s->rows_size) {
		s->rows = memory_resize(s->rows, count * sizeof(*s->rows));
		s->rows_size = count;
	}
	count = 0;
	for (size_t i = 0; i < g.count; i++) {
		const struct message *m = g.mails[i]->message;
		unsigned n = 0;
		for (const struct recipient *r = m->envelope.first; r != NULL;
		     r = r->next, n++) {
			if (r->is_discarded)
				continue;
			row_make(&s->rows[count], g.mails[i], r, n);
			trim_body(s, &s->rows[count++]);
		}
	}
	return (struct rows){ s->rows, count };
}

static void
all_stored(struct store *s, struct group g, size_t rows)
{
	for (size_t i = 0; i < g.count; i++)
		decide(s, g.mails[i], VERDICT_STORED, 0);
	slot_count(s->slot, COUNT_BATCHES, 1);
	slot_count(s->slot, COUNT_ROWS, rows);
}

static void
all_full(struct store *s, struct group g, int error)
{
	log_error("the database has no space left", LOG_NUM("error", error),
		  LOG_STR("text", s->failover.connection->fault.text));
	for (size_t i = 0; i < g.count; i++)
		decide(s, g.mails[i], VERDICT_FULL, error);
}

/* A message that the database does not take, for reasons of its own: the
 * sender may try again, when somebody has looked at the log. */
static void
refuse(struct store *s, struct mail *mail, int error)
{
	log_error("the database refuses a message",
		  LOG_STR("id", mail->message->id), LOG_NUM("error", error),
		  LOG_STR("text", s->failover.connection->fault.text));
	slot_count(s->slot, COUNT_STORE_ERRORS, 1);
	decide(s, mail, error == CR_NET_PACKET_TOO_LARGE ?
			VERDICT_TOO_BIG : VERDICT_TRY_LATER, error);
}

static void
pause_before_repeat(struct attempt *a)
{
	int64_t ms = (int64_t)FIRST_PAUSE_MS << a->repeats;

	if (ms > LONGEST_PAUSE_MS)
		ms = LONGEST_PAUSE_MS;
	ms = hosts_jitter(&a->store->failover.hosts, ms);
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };
	nanosleep(&ts, NULL);
}

/* Timed out twice: nothing says that the third time would be better. With a
 * spool the message goes there, else its sender keeps it. */
static void
give_up(struct store *s, struct mail *mail, struct in_doubt *doubt, int error)
{
	log_error("a message is given up: its statement timed out twice",
		  LOG_STR("id", mail->message->id), LOG_NUM("error", error));
	mail->message->error = error;
	doubt->is_given_up = true;
	if (s->settings->on_outage == STORE_OUTAGE_TEMPFAIL)
		decide(s, mail, VERDICT_TRY_LATER, error);
}

static void
note_in_doubt(struct attempt *a, struct group g,
	      const struct transaction_end *end)
{
	struct store *s = a->store;
	const struct connection *c = s->failover.connection;
	bool has_timed_out = end->took_ms >= s->settings->timeout_ms / 10 * 9;
	const struct lost_connection lost = {
		.server = c->server, .id = c->id, .host = c->host,
		.is_known = true
	};

	if (!end->was_committing && !has_timed_out)
		return;
	for (size_t i = 0; i < g.count; i++) {
		struct in_doubt *d =
			in_doubt_add(&s->in_doubt, g.mails[i]->message, &lost);
		d->may_be_stored |= end->was_committing;
		d->timeouts += has_timed_out;
		if (d->timeouts >= MOST_TIMEOUTS)
			give_up(s, g.mails[i], d, end->error);
	}
	log_warn("the outcome of a commit is unknown",
		 LOG_NUM("messages", g.count), LOG_NUM("error", end->error),
		 LOG_STR("first_id", g.mails[0]->message->id));
}

static bool
save_each(struct attempt *a, struct group g)
{
	for (size_t i = 0; i < g.count; i++)
		if (!save_group(a, (struct group){ &g.mails[i], 1 }))
			return false;
	return true;
}

/* 1062 for one message: ours, or of another key that the table has. */
static bool
take_duplicate(struct attempt *a, struct mail *mail, int error)
{
	struct store *s = a->store;
	struct store_fault fault = s->failover.connection->fault;

	switch (settle_duplicate(&s->failover, mail->message)) {
	case SETTLED_STORED:
		decide(s, mail, VERDICT_STORED, 0);
		return true;
	case SETTLED_ABSENT:
		s->failover.connection->fault = fault;
		refuse(s, mail, error);
		return true;
	case SETTLED_UNKNOWN:
		break;
	}
	failover_drop(&s->failover, false);
	return false;
}

static bool
split(struct attempt *a, struct group g, const struct outcome *o, int error)
{
	if (g.count > 1)
		return save_each(a, g);
	if (o->error_flags & OUTCOME_IS_DUPLICATE)
		return take_duplicate(a, g.mails[0], error);
	refuse(a->store, g.mails[0], error);
	return true;
}

/* The table changed under us, or one message does not fit it. */
static bool
reread(struct attempt *a, struct group g, const struct outcome *o, int error)
{
	struct failover *l = &a->store->failover;

	if (!a->has_reread) {
		a->has_reread = true;
		return failover_reread(l) ? save_group(a, g) : false;
	}
	if (o->error_flags & OUTCOME_IS_MESSAGES_OWN)
		return split(a, g, o, error);
	failover_drop(l, true);
	return save_group(a, g);
}

static bool
try_next_host(struct attempt *a, struct group g,
	      const struct transaction_end *end)
{
	const struct outcome *o = outcome_of(end->error);

	if (o->error_flags & OUTCOME_MAY_BE_STORED)
		note_in_doubt(a, g, end);
	/* A commit that fails on every host is one message's doing. */
	if (end->error == 1180 && ++a->commits_failed > 1)
		return split(a, g, o, end->error);
	failover_drop(&a->store->failover, true);
	return save_group(a, g);
}

/* Nobody knows. The same host is asked first, at once; one that loses us a
 * second time gets a pause. */
static bool
settle(struct attempt *a, struct group g, const struct transaction_end *end)
{
	note_in_doubt(a, g, end);
	failover_drop(&a->store->failover, a->losses++ > 0);
	for (size_t i = 0; i < g.count; i++) {
		struct mail *mail = g.mails[i];
		if (mail->message->verdict != VERDICT_NONE)
			continue;
		if (clock_ms() >= a->deadline_ms ||
		    !failover_connect(&a->store->failover, a->deadline_ms))
			return false;
		if (save_may_send(a, mail) &&
		    !save_group(a, (struct group){ &mail, 1 }))
			return false;
	}
	return true;
}

static bool
repeat(struct attempt *a, struct group g)
{
	if (a->repeats >= MOST_REPEATS || clock_ms() >= a->deadline_ms)
		return true;
	pause_before_repeat(a);
	a->repeats++;
	return save_group(a, g);
}

static bool
follow(struct attempt *a, struct group g, const struct transaction_end *end)
{
	const struct outcome *o = outcome_of(end->error);

	slot_count(a->store->slot, COUNT_STORE_ERRORS, 1);
	for (size_t i = 0; i < g.count; i++)
		g.mails[i]->message->error = end->error;
	switch (o->action) {
	case ACTION_REPEAT:
		return repeat(a, g);
	case ACTION_NEXT_HOST:
		return try_next_host(a, g, end);
	case ACTION_IN_DOUBT:
		return settle(a, g, end);
	case ACTION_SPLIT:
		return split(a, g, o, end->error);
	case ACTION_REREAD:
		return reread(a, g, o, end->error);
	case ACTION_FULL:
		all_full(a->store, g, end->error);
		return true;
	case ACTION_REFUSE:
		failover_drop(&a->store->failover, true);
		return save_group(a, g);
	}
	return false;
}

bool
save_group(struct attempt *a, struct group g)
{
	struct store *s = a->store;

	if (clock_ms() >= a->deadline_ms ||
	    !failover_connect(&s->failover, a->deadline_ms))
		return false;
	struct rows rows = rows_of(s, g);
	struct transaction_end end = transaction_run(&s->failover, rows);
	if (end.error == 0) {
		all_stored(s, g, rows.count);
		return true;
	}
	return follow(a, g, &end);
}

/* Where the same INSERT would be refused if the lost one counts. What the old
 * host may still be committing needs time to arrive on another; but a cluster
 * that certifies puts both in one order, and refuses the second. */
static bool
is_settled_by_repeat(const struct store *s, const struct in_doubt *d)
{
	const struct connection *c = s->failover.connection;

	return d->lost.host == c->host ||
	       server_is_certified_with(&d->lost.server, &c->server) ||
	       clock_ms() - d->since_ms >= s->settings->timeout_ms;
}

bool
save_may_send(struct attempt *a, struct mail *mail)
{
	struct store *s = a->store;
	struct in_doubt *d = in_doubt_find(&s->in_doubt, mail->message);

	if (d == NULL)
		return true;
	if (d->is_given_up)
		return false;
	if (!d->may_be_stored)
		return true;
	if (s->failover.table.has_unique_id)
		return !d->lost.is_known || is_settled_by_repeat(s, d);
	switch (settle_by_looking(&s->failover, d, mail->message)) {
	case SETTLED_STORED:
		decide(s, mail, VERDICT_STORED, 0);
		return false;
	case SETTLED_ABSENT:
		in_doubt_remove(&s->in_doubt, mail->message);
		return true;
	case SETTLED_UNKNOWN:
		return false;
	}
	return false;
}
