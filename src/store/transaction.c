/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of whole messages in one transaction. A lone statement commits by
 * itself: COMMIT may answer OK for a transaction that the server has already
 * rolled back, so after any error in between none is sent. */
#include "store/transaction.h"

#include "base/clock.h"
#include "store/column_text.h"
#include "store/outcome.h"
#include "store/size_limits.h"

/* A text column may need three bytes for one. */
static size_t
row_bytes(const struct failover *l, const struct row *row)
{
	bool is_exact = column_text_is_exact(table_column(&l->table, "mail"));

	return (is_exact ? 1 : 3) * insert_row_bytes(row);
}

size_t
transaction_statement_bytes(const struct failover *l)
{
	size_t packet = size_limits_row_bytes(&l->connection->server);

	return l->settings->batch_bytes < packet ? l->settings->batch_bytes :
						   packet;
}

/* How many of the rows go into the next statement: at least one. */
static size_t
rows_of_statement(const struct failover *l, struct rows rows)
{
	size_t most = insert_max_rows(l->insert, &l->table);
	size_t room = transaction_statement_bytes(l);
	size_t n = 0;

	while (n < rows.count && n < most) {
		size_t bytes = row_bytes(l, &rows.at[n]);
		if (n > 0 && bytes > room)
			break;
		room = bytes < room ? room - bytes : 0;
		n++;
	}
	return n;
}

static int
insert_timed(struct failover *l, struct rows rows, struct transaction_end *end)
{
	int64_t began = clock_ms();

	end->error = insert_rows(l->insert, l->connection, &l->table, rows);
	end->took_ms = clock_ms() - began;
	return end->error;
}

static int
run_timed(struct failover *l, const char *sql, struct transaction_end *end)
{
	int64_t began = clock_ms();

	end->error = connection_run(l->connection, sql);
	end->took_ms = clock_ms() - began;
	return end->error;
}

static void
insert_in_parts(struct failover *l, struct rows rows,
		struct transaction_end *end)
{
	if (run_timed(l, "BEGIN", end) != 0)
		return;
	while (rows.count > 0) {
		size_t n = rows_of_statement(l, rows);
		if (insert_timed(l, (struct rows){ rows.at, n }, end) != 0)
			break;
		rows.at += n;
		rows.count -= n;
	}
	if (end->error == 0) {
		end->was_committing = true;
		run_timed(l, "COMMIT", end);
		return;
	}
	/* Where the connection is lost the server rolls back by itself. The
	 * fault that counts is the first one. */
	struct store_fault first = l->connection->fault;
	if (outcome_of(end->error)->action != ACTION_IN_DOUBT)
		connection_run(l->connection, "ROLLBACK");
	l->connection->fault = first;
}

struct transaction_end
transaction_run(struct failover *l, struct rows rows)
{
	struct transaction_end end = { 0 };

	slot_enter_database(l->slot);
	if (rows_of_statement(l, rows) == rows.count) {
		end.was_committing = true;
		insert_timed(l, rows, &end);
	} else {
		insert_in_parts(l, rows, &end);
	}
	slot_leave_database(l->slot);
	return end;
}
