/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mails to committed rows: what waits is put into groups that fit one
 * statement, whole messages each. */
#include "store/store.h"

#include "base/clock.h"
#include "base/memory.h"
#include "store/outcome.h"
#include "store/save.h"
#include "store/size_limits.h"
#include "store/state.h"
#include "store/transaction.h"

#include <stdlib.h>
#include <string.h>

enum { ALONE = 512 * 1024 };    /* larger mail shares no statement */

struct store *
store_new(const struct store_settings *settings, struct scoreboard_slot *slot)
{
	struct store *s = memory_new(1, sizeof(*s));

	s->settings = settings;
	s->slot = slot;
	failover_init(&s->failover, settings, slot);
	return s;
}

void
store_free(struct store **s)
{
	if (*s == NULL)
		return;
	struct store *store = *s;
	if (store->recipient_query != NULL)
		mysql_stmt_close(store->recipient_query);
	failover_deinit(&store->failover);
	in_doubt_deinit(&store->in_doubt);
	free(store->pending);
	free(store->rows);
	free(store);
	*s = NULL;
}

struct store_size_limits
store_size_limits(const struct store *s)
{
	return s->failover.size_limits;
}

bool
store_connect(struct store *s)
{
	return failover_connect(&s->failover,
				clock_ms() + s->settings->timeout_ms);
}

bool
store_is_up(const struct store *s)
{
	return s->failover.connection != NULL;
}

int64_t
store_next_try_ms(const struct store *s)
{
	return s->failover.connection != NULL
		       ? 0
		       : hosts_next_ms(&s->failover.hosts);
}

/* Bytes and rows of a message in the table. */
struct mail_extent {
	size_t rows;
	size_t bytes;
	size_t largest_row;
};

static struct mail_extent
measure(const struct mail *mail)
{
	struct mail_extent e = { 0 };
	const struct message *m = mail->message;

	for (const struct recipient *r = m->envelope.first; r != NULL;
	     r = r->next) {
		if (r->is_discarded)
			continue;
		size_t bytes = r->trace.len + m->raw.len;
		e.rows++;
		e.bytes += bytes + mail->body.len + mail->subject.len + 512;
		if (bytes > e.largest_row)
			e.largest_row = bytes;
	}
	return e;
}

static bool
is_too_big(const struct store *s, const struct mail_extent *e)
{
	const struct server *server = &s->failover.connection->server;
	const struct table_column *mail =
		table_column(&s->failover.table, "mail");

	return e->largest_row > size_limits_row_bytes(server) ||
	       e->largest_row > mail->max_bytes ||
	       e->largest_row > mail->max_chars ||
	       e->rows * e->largest_row >
		       size_limits_transaction_bytes(s->settings, server);
}

/* Whether the mail may go with the group: it has room, and no reason to be
 * alone. */
static bool
joins(const struct store *s, struct mail_extent *sum,
      const struct mail_extent *e)
{
	size_t rows = insert_max_rows(s->failover.insert, &s->failover.table);
	size_t bytes = transaction_statement_bytes(&s->failover);

	if (sum->rows > 0 && (sum->rows + e->rows > rows ||
			      sum->bytes + e->bytes > bytes ||
			      e->largest_row > ALONE))
		return false;
	sum->rows += e->rows;
	sum->bytes += e->bytes;
	return true;
}

/* A message whose statement timed out must not take others with it again. */
static bool
must_go_alone(const struct store *s, const struct mail *mail)
{
	const struct in_doubt *d =
		s->in_doubt.count == 0
			? NULL
			: in_doubt_find(&s->in_doubt, mail->message);

	return d != NULL && d->timeouts > 0;
}

/* How many of the pending ones make the next group. */
static size_t
next_group(const struct store *s, struct group pending)
{
	struct mail_extent sum = { 0 };
	size_t n = 0;

	while (n < pending.count) {
		struct mail_extent e = measure(pending.mails[n]);
		bool is_alone = must_go_alone(s, pending.mails[n]);
		if (n > 0 && is_alone)
			break;
		if (!joins(s, &sum, &e))
			break;
		n++;
		if (is_alone || e.largest_row > ALONE)
			break;
	}
	return n;
}

/* Takes in what is to be sent now; the others have, or keep, a verdict. */
static struct group
collect(struct attempt *a, struct mail *const *mails, size_t count)
{
	struct store *s = a->store;
	struct group pending = { s->pending, 0 };

	for (size_t i = 0; i < count; i++) {
		struct message *m = mails[i]->message;
		struct mail_extent e = measure(mails[i]);
		if (m->verdict != VERDICT_NONE)
			continue;
		if (e.rows == 0)
			m->verdict = VERDICT_DISCARDED;
		else if (is_too_big(s, &e))
			m->verdict = VERDICT_TOO_BIG;
		else if (s->in_doubt.count == 0 || save_may_send(a, mails[i]))
			s->pending[pending.count++] = mails[i];
	}
	return pending;
}

/* What the operator must mend is not waited for, where there is no spool. */
static void
defer_if_hopeless(struct store *s, struct mail *const *mails, size_t count)
{
	enum store_action action = outcome_of(s->failover.fault.error)->action;
	bool is_hopeless = action == ACTION_REFUSE || action == ACTION_REREAD;

	if (s->failover.connection != NULL || !is_hopeless ||
	    s->settings->on_outage == STORE_OUTAGE_SPOOL)
		return;
	for (size_t i = 0; i < count; i++) {
		struct message *m = mails[i]->message;
		if (m->verdict != VERDICT_NONE || store_is_in_doubt(s, m))
			continue;
		m->verdict = VERDICT_TRY_LATER;
		m->error = s->failover.fault.error;
	}
}

static void
save_all(struct attempt *a, struct mail *const *mails, size_t count)
{
	struct store *s = a->store;

	if (count > s->pending_size) {
		s->pending = memory_resize(s->pending,
					   count * sizeof(struct mail *));
		s->pending_size = count;
	}
	if (!failover_connect(&s->failover, a->deadline_ms))
		return;
	struct group pending = collect(a, mails, count);
	while (pending.count > 0 &&
	       failover_connect(&s->failover, a->deadline_ms)) {
		size_t n = next_group(s, pending);
		a->repeats = 0;
		a->commits_failed = 0;
		if (!save_group(a, (struct group){ pending.mails, n }))
			break;
		pending.mails += n;
		pending.count -= n;
	}
}

void
store_save(struct store *s, struct mail *const *mails, size_t count)
{
	struct attempt a = {
		.store = s,
		.deadline_ms = clock_ms() + s->settings->timeout_ms
	};

	if (count == 0)
		return;
	save_all(&a, mails, count);
	defer_if_hopeless(s, mails, count);
}

bool
store_is_in_doubt(const struct store *s, const struct message *m)
{
	const struct in_doubt *d = in_doubt_find(&s->in_doubt, m);

	return d != NULL && d->may_be_stored;
}

void
store_forget(struct store *s, const struct message *m)
{
	in_doubt_remove(&s->in_doubt, m);
}

void
store_suspect(struct store *s, const struct message *m)
{
	const struct lost_connection nobody = { .is_known = false };

	in_doubt_add(&s->in_doubt, m, &nobody)->may_be_stored = true;
}
