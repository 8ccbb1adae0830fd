/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows to prepared INSERTs. Text is bound where it lies; only the raw
 * message, which is a chain behind its trace headers, is put together in a
 * kept buffer, and a large one is sent from its pieces instead. A lone
 * statement commits by itself: COMMIT may answer OK for a transaction that
 * the server has already rolled back, so after any error in between none is
 * sent. */
#include "store/insert.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/memory.h"
#include "store/bind.h"
#include "store/catalog.h"
#include "store/column_text.h"
#include "store/outcome.h"
#include "store/size_limits.h"

#include <errmsg.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	MAX_PARAMETERS = 65535,         /* of the protocol */
	ROW_OVERHEAD = 512,             /* of all short columns */
	SQL_MAX = 4 * 1024 * 1024,
	KEPT_STATEMENTS = 64,
	KEPT_ROWS = 512,        /* of all; each costs the server 10 KB */
	TOO_MANY_STATEMENTS = 1461
};

struct kept_statement {
	MYSQL_STMT *stmt;               /* NULL: none */
	const struct table *table;
	size_t rows;
	uint64_t used;                  /* when: the oldest one goes */
};

struct insert {
	const struct store_settings *settings;
	struct connection *connection;  /* of what runs, and its table */
	const struct table *table;
	struct kept_statement kept[KEPT_STATEMENTS];
	size_t kept_rows;
	uint64_t uses;
	struct bind_rows bound;
	struct buf sql;
};

struct insert *
insert_new(const struct store_settings *settings)
{
	struct insert *i = memory_new(1, sizeof(*i));
	size_t most = settings->batch_rows * STORE_COLUMNS_MAX;

	assert(settings->batch_rows > 0);
	i->settings = settings;
	i->bound.parameters = memory_new(most, sizeof(MYSQL_BIND));
	i->bound.binds = memory_new(most, sizeof(struct bind));
	i->sql = BUF(SQL_MAX);
	return i;
}

static void
close_kept(struct insert *i, struct kept_statement *k)
{
	assert(i->kept_rows >= k->rows);
	mysql_stmt_close(k->stmt);
	i->kept_rows -= k->rows;
	*k = (struct kept_statement){ 0 };
}

void
insert_forget(struct insert *i)
{
	for (size_t n = 0; n < KEPT_STATEMENTS; n++)
		if (i->kept[n].stmt != NULL)
			close_kept(i, &i->kept[n]);
	assert(i->kept_rows == 0);
}

void
insert_free(struct insert **i)
{
	if (*i == NULL)
		return;
	insert_forget(*i);
	free((*i)->bound.parameters);
	free((*i)->bound.binds);
	free((*i)->bound.scratch);
	buf_release(&(*i)->sql);
	free(*i);
	*i = NULL;
}

size_t
insert_max_rows(const struct insert *i, const struct table *table)
{
	size_t most = MAX_PARAMETERS / (table->count > 0 ? table->count : 1);

	return i->settings->batch_rows < most ? i->settings->batch_rows : most;
}

size_t
insert_max_bytes(const struct insert *i, const struct connection *c)
{
	size_t packet = size_limits_row_bytes(&c->server);

	return i->settings->batch_bytes < packet ? i->settings->batch_bytes :
						   packet;
}

/* A text column may need three bytes for one of the raw message. */
size_t
insert_row_bytes(const struct table *table, const struct row *row)
{
	const struct mail *m = row->mail;
	size_t raw = row_raw_bytes(row);
	bool is_exact = table_is_exact(table_column(table, "mail"));

	return (is_exact ? 1 : 3) * raw + row->body_len + m->subject.len +
	       ROW_OVERHEAD;
}

static int
note_statement_fault(MYSQL_STMT *stmt, struct connection *c)
{
	int error = (int)mysql_stmt_errno(stmt);

	fault_set(&c->fault, error != 0 ? error : CR_UNKNOWN_ERROR, "%s",
		  mysql_stmt_error(stmt));
	return c->fault.error;
}

/* NULL with the connection's fault. */
static MYSQL_STMT *
prepare(struct insert *i, size_t rows)
{
	struct connection *c = i->connection;
	struct buf *sql = &i->sql;
	char name[QUOTED_SIZE];
	MYSQL_STMT *stmt = mysql_stmt_init(c->mysql);

	if (stmt == NULL) {
		connection_note_fault(c);
		return NULL;
	}
	sql->len = 0;
	buf_printf(sql, "INSERT INTO %s (",
		   catalog_quote(i->table->name, name));
	for (size_t k = 0; k < i->table->count; k++)
		buf_printf(sql, "%s`%s`", k > 0 ? "," : "",
			   i->table->columns[k].known->name);
	buf_append_text(sql, ") VALUES ");
	for (size_t n = 0; n < rows; n++) {
		buf_append_text(sql, n > 0 ? ",(" : "(");
		for (size_t k = 0; k < i->table->count; k++)
			buf_append_text(sql, k > 0 ? ",?" : "?");
		buf_append_byte(sql, ')');
	}
	if (mysql_stmt_prepare(stmt, sql->at, sql->len) == 0)
		return stmt;
	note_statement_fault(stmt, c);
	/* What was never sent cannot be stored. */
	if (outcome_of(c->fault.error)->error_flags & OUTCOME_MAY_BE_STORED)
		c->fault.error = CR_CONNECTION_ERROR;
	mysql_stmt_close(stmt);
	return NULL;
}

/* A place for a statement of that many rows; the oldest ones make way. */
static struct kept_statement *
free_place(struct insert *i, size_t rows)
{
	for (;;) {
		struct kept_statement *oldest = NULL, *place = NULL;
		for (size_t n = 0; n < KEPT_STATEMENTS; n++) {
			struct kept_statement *k = &i->kept[n];
			if (k->stmt == NULL)
				place = k;
			else if (oldest == NULL || k->used < oldest->used)
				oldest = k;
		}
		if (oldest == NULL ||
		    (place != NULL && i->kept_rows + rows <= KEPT_ROWS))
			return place;
		close_kept(i, oldest);
	}
}

/* The statement of that many rows; NULL with the connection's fault. */
static MYSQL_STMT *
statement_of(struct insert *i, size_t rows)
{
	for (size_t n = 0; n < KEPT_STATEMENTS; n++)
		if (i->kept[n].stmt != NULL && i->kept[n].rows == rows &&
		    i->kept[n].table == i->table) {
			i->kept[n].used = ++i->uses;
			return i->kept[n].stmt;
		}
	struct kept_statement *k = free_place(i, rows);
	MYSQL_STMT *stmt = prepare(i, rows);
	if (stmt == NULL &&
	    i->connection->fault.error == TOO_MANY_STATEMENTS) {
		insert_forget(i);
		stmt = prepare(i, rows);
	}
	if (stmt == NULL)
		return NULL;
	*k = (struct kept_statement){ stmt, i->table, rows, ++i->uses };
	i->kept_rows += rows;
	return stmt;
}

int
insert_prove(struct insert *i, struct connection *c,
	     const struct table *table)
{
	i->connection = c;
	i->table = table;
	return statement_of(i, 1) != NULL ? 0 : c->fault.error;
}

/* A packet over the server's limit looks like a crash of the server, and so
 * may pieces that are more together: neither is sent at all. */
static bool
is_too_big(struct insert *i, struct rows rows, bool in_pieces)
{
	struct connection *c = i->connection;
	size_t bytes = 1024;

	for (size_t p = 0; p < rows.count * i->table->count; p++)
		bytes += i->bound.binds[p].length + 16;
	if (in_pieces)
		bytes += insert_row_bytes(i->table, &rows.at[0]);
	if (bytes <= c->server.max_packet)
		return false;
	fault_set(&c->fault, CR_NET_PACKET_TOO_LARGE, "%zu bytes are more than "
		  "the server's max_allowed_packet", bytes);
	return true;
}

static int
send_pieces(MYSQL_STMT *stmt, const struct table *table, const struct row *row)
{
	const struct table_column *mail = table_column(table, "mail");
	unsigned parameter = (unsigned)(mail - table->columns);
	struct view trace = row->recipient->trace;

	if (trace.len > 0 &&
	    mysql_stmt_send_long_data(stmt, parameter, trace.at, trace.len))
		return -1;
	for (const struct piece *p = row->raw->first; p != NULL; p = p->next)
		if (p->len > 0 &&
		    mysql_stmt_send_long_data(stmt, parameter, p->bytes,
					      p->len))
			return -1;
	return 0;
}

/* 0, or the error, which is the connection's fault. */
static int
insert_rows(struct insert *i, struct rows rows)
{
	struct connection *c = i->connection;
	bool in_pieces = rows.count == 1 &&
		rows.at[0].raw->len > INSERT_LARGE &&
		table_is_exact(table_column(i->table, "mail"));

	assert(rows.count > 0 && rows.count <= insert_max_rows(i, i->table));
	MYSQL_STMT *stmt = statement_of(i, rows.count);
	if (stmt == NULL)
		return c->fault.error;
	const struct table_column *narrow =
		bind_all(&i->bound, i->table, rows, in_pieces);
	if (narrow != NULL)
		fault_set(&c->fault, BIND_KEY_TOO_LONG,
			  "column `%s` cannot hold a key", narrow->known->name);
	if (narrow != NULL || is_too_big(i, rows, in_pieces))
		return c->fault.error;
	if (mysql_stmt_bind_param(stmt, i->bound.parameters))
		return note_statement_fault(stmt, c);
	if ((!in_pieces || send_pieces(stmt, i->table, &rows.at[0]) == 0) &&
	    mysql_stmt_execute(stmt) == 0)
		return 0;
	/* A statement remembers the error of a piece until it is reset. */
	note_statement_fault(stmt, c);
	if (in_pieces)
		mysql_stmt_reset(stmt);
	return c->fault.error;
}

/* ---- Transactions -------------------------------------------------------- */

/* How many of the rows go into the next statement: at least one, and one
 * where it is large. */
static size_t
rows_of_statement(const struct insert *i, struct rows rows)
{
	size_t most = insert_max_rows(i, i->table);
	size_t room = insert_max_bytes(i, i->connection);
	size_t n = 0;

	while (n < rows.count && n < most) {
		size_t bytes = insert_row_bytes(i->table, &rows.at[n]);
		if (n > 0 && (bytes > room || bytes > INSERT_LARGE))
			break;
		room = bytes < room && bytes <= INSERT_LARGE ? room - bytes
							     : 0;
		n++;
	}
	return n;
}

/* The statement, or an INSERT of the rows where it is NULL. */
static int
run_timed(struct insert *i, const char *sql, struct rows rows,
	  struct insert_end *end)
{
	int64_t began = clock_ms();

	end->error = sql != NULL ? connection_run(i->connection, sql) :
				   insert_rows(i, rows);
	end->took_ms = clock_ms() - began;
	return end->error;
}

/* By as many statements as they need. */
static void
insert_all(struct insert *i, struct table_rows what, struct insert_end *end)
{
	struct rows rows = what.rows;

	i->table = what.table;
	while (rows.count > 0 && end->error == 0) {
		struct rows part = { rows.at, rows_of_statement(i, rows) };
		run_timed(i, NULL, part, end);
		rows.at += part.count;
		rows.count -= part.count;
	}
}

struct insert_end
insert_commit(struct insert *i, struct connection *c, struct table_rows rows,
	      struct table_rows raws)
{
	struct insert_end end = { 0 };

	i->connection = c;
	i->table = rows.table;
	if (raws.rows.count == 0 &&
	    rows_of_statement(i, rows.rows) == rows.rows.count) {
		end.was_committing = true;
		run_timed(i, NULL, rows.rows, &end);
		return end;
	}
	if (run_timed(i, "BEGIN", rows.rows, &end) != 0)
		return end;
	insert_all(i, raws, &end);
	insert_all(i, rows, &end);
	if (end.error == 0) {
		end.was_committing = true;
		run_timed(i, "COMMIT", rows.rows, &end);
	}
	/* A lost connection is rolled back by the server; after any other
	 * error, a COMMIT's too, nothing may ride in what is still open. The
	 * first fault counts. */
	struct store_fault first = c->fault;
	if (end.error != 0 &&
	    outcome_of(end.error)->action != ACTION_IN_DOUBT)
		connection_run(c, "ROLLBACK");
	c->fault = first;
	return end;
}
