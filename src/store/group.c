/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which messages go into one transaction together: whole ones, as many as
 * fill a statement. */
#include "store/state.h"

#include "base/memory.h"
#include "base/utf8.h"
#include "store/size_limits.h"
#include "store/store.h"

#include <assert.h>

static bool
has_raw_table(const struct store *s)
{
	return s->failover.raw_table.name != NULL;
}

/* NULL where nothing has gone wrong with it. */
static const struct in_doubt *
trouble_of(const struct store *s, const struct mail *mail)
{
	return s->in_doubt.count == 0 ?
		NULL : in_doubt_find(&s->in_doubt, mail->message);
}

/* Only what limits.transaction_bytes forbids is the message's own size: what
 * a server or a table cannot hold was below SIZE when it began. */
static enum verdict
verdict_by_size(const struct store *s, const struct message *m)
{
	size_t rows = 0, largest = 0;

	for (const struct recipient *r = m->envelope.first; r != NULL;
	     r = r->next) {
		if (r->is_discarded)
			continue;
		rows++;
		if (r->trace.len + m->raw.len > largest)
			largest = r->trace.len + m->raw.len;
	}
	if (rows == 0)
		return VERDICT_DISCARDED;
	size_t bytes = has_raw_table(s) ? rows * (largest - m->raw.len) +
					  m->raw.len : rows * largest;
	return bytes > s->settings->transaction_bytes ? VERDICT_TOO_BIG :
							VERDICT_NONE;
}

size_t
group_collect(struct store *s, struct mail *const *mails, size_t count)
{
	size_t n = 0;

	if (count > s->pending_size) {
		s->pending = memory_resize(s->pending,
					   count * sizeof(struct mail *));
		s->pending_size = count;
	}
	for (int turn = 0; turn < 2; turn++) {
		for (size_t i = 0; i < count; i++) {
			struct message *m = mails[i]->message;
			const struct in_doubt *d = trouble_of(s, mails[i]);
			bool has_failed = d != NULL && d->failures > 0;
			if (m->verdict == VERDICT_NONE)
				m->verdict = verdict_by_size(s, m);
			if (m->verdict == VERDICT_NONE &&
			    has_failed == (turn == 1))
				s->pending[n++] = mails[i];
		}
	}
	return n;
}

/* The raw message has the first claim to the packet, the body what is left. */
static void
trim_body(const struct store *s, struct row *row)
{
	const struct table *table = &s->failover.table;
	size_t room = size_limits_row_bytes(&s->failover.connection->server);
	size_t others = insert_row_bytes(table, row) - row->body_len;

	if (row->body_len > room || others > room - row->body_len)
		row->body_len = utf8_cut_bytes(row->mail->body, room > others ?
						       room - others : 0);
}

struct extent {
	size_t rows;
	size_t raws;
	size_t bytes;
	size_t largest;         /* row */
};

static void
extend(struct extent *e, size_t bytes)
{
	e->bytes += bytes;
	if (bytes > e->largest)
		e->largest = bytes;
}

/* Makes the message's rows behind those that are there: of the table at `at`,
 * and one of raw_table, where there is such a table, at `raw_at`. */
static struct extent
add_rows(struct store *s, const struct mail *mail, size_t at, size_t raw_at)
{
	const struct message *m = mail->message;
	struct extent e = { 0 };
	unsigned n = 0;

	assert(at <= s->rows_size && raw_at <= s->raws_size);
	if (at + m->envelope.recipients > s->rows_size) {
		s->rows_size = 2 * (at + m->envelope.recipients);
		s->rows = memory_resize(s->rows,
					s->rows_size * sizeof(*s->rows));
	}
	for (const struct recipient *r = m->envelope.first; r != NULL;
	     r = r->next, n++) {
		if (r->is_discarded)
			continue;
		struct row *row = &s->rows[at + e.rows++];
		row_make(row, mail, r, n);
		if (has_raw_table(s))
			row_leave_raw(row);
		trim_body(s, row);
		extend(&e, insert_row_bytes(&s->failover.table, row));
	}
	if (!has_raw_table(s) || e.rows == 0)
		return e;
	if (raw_at == s->raws_size) {
		s->raws_size = raw_at > 0 ? 2 * raw_at : 32;
		s->raws = memory_resize(s->raws,
					s->raws_size * sizeof(*s->raws));
	}
	row_make_raw(&s->raws[raw_at], mail);
	extend(&e, insert_row_bytes(&s->failover.raw_table, &s->raws[raw_at]));
	e.raws++;
	return e;
}

bool
store_batch_add(struct store *s, struct store_batch *b,
		const struct mail *mail)
{
	const struct failover *f = &s->failover;

	assert(f->connection != NULL);
	const struct extent e = add_rows(s, mail, b->rows, b->raws);
	size_t rows = b->rows + e.rows, bytes = b->bytes + e.bytes;

	if (b->rows > 0 && (b->is_closed || e.largest > INSERT_LARGE ||
			    rows > insert_max_rows(f->insert, &f->table) ||
			    bytes > insert_max_bytes(f->insert, f->connection)))
		return false;
	*b = (struct store_batch){ rows, b->raws + e.raws, bytes,
				   e.largest > INSERT_LARGE };
	return true;
}

/* What something has gone wrong with goes alone. One that only may be there
 * already, from whoever is long gone, needs not: where the table has a UNIQUE
 * id, the statement of all fails if it is, and then each goes alone. */
static bool
goes_alone(const struct store *s, const struct mail *mail)
{
	const struct in_doubt *d = trouble_of(s, mail);

	return d != NULL && (!s->failover.table.has_unique_id ||
			     !d->may_be_stored || d->lost.is_known ||
			     d->has_cost_connection || d->failures > 0 ||
			     d->timeouts > 0);
}

struct group
group_next(struct store *s, struct mail *const *mails, size_t count)
{
	struct store_batch b = { 0 };
	size_t n = 0;

	while (n < count && (n == 0 || !goes_alone(s, mails[n])) &&
	       store_batch_add(s, &b, mails[n]) &&
	       !goes_alone(s, mails[n++]))
		;
	return (struct group){ .mails = n, .rows = { s->rows, b.rows },
			       .raws = { s->raws, b.raws } };
}
