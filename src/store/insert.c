/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows to one prepared INSERT. Text is bound where it lies; only the raw
 * message, which is a chain behind its trace headers, is put together in a
 * kept buffer, and a large one is sent from its pieces instead. */
#include "store/insert.h"

#include "base/buf.h"
#include "base/memory.h"
#include "store/bind.h"
#include "store/catalog.h"
#include "store/column_text.h"
#include "store/outcome.h"

#include <errmsg.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	MAX_PARAMETERS = 65535,         /* of the protocol */
	IN_PIECES = 512 * 1024,         /* larger mail is not copied */
	ROW_OVERHEAD = 512,             /* of all short columns */
	KEPT_SCRATCH = 4 * 1024 * 1024,
	SQL_MAX = 4 * 1024 * 1024
};

struct insert {
	const struct store_settings *settings;
	MYSQL_STMT **by_rows;           /* [n]: of n rows; NULL: not yet */
	MYSQL_BIND *parameters;
	struct bind *binds;             /* what the parameters point into */
	char *scratch;
	size_t scratch_size;
	struct buf sql;
};

struct insert *
insert_new(const struct store_settings *settings)
{
	struct insert *i = memory_new(1, sizeof(*i));
	size_t most = settings->batch_rows * STORE_COLUMNS_MAX;

	assert(settings->batch_rows > 0);
	i->settings = settings;
	i->by_rows = memory_new(settings->batch_rows + 1,
				sizeof(MYSQL_STMT *));
	i->parameters = memory_new(most, sizeof(*i->parameters));
	i->binds = memory_new(most, sizeof(*i->binds));
	i->sql = BUF(SQL_MAX);
	return i;
}

void
insert_forget(struct insert *i)
{
	for (size_t n = 0; n <= i->settings->batch_rows; n++) {
		if (i->by_rows[n] != NULL)
			mysql_stmt_close(i->by_rows[n]);
		i->by_rows[n] = NULL;
	}
}

void
insert_free(struct insert **i)
{
	if (*i == NULL)
		return;
	insert_forget(*i);
	free((*i)->by_rows);
	free((*i)->parameters);
	free((*i)->binds);
	free((*i)->scratch);
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
insert_row_bytes(const struct row *row)
{
	const struct mail *m = row->mail;

	return row->recipient->trace.len + m->message->raw.len +
	       row->body_len + m->subject.len + ROW_OVERHEAD;
}

static void
write_statement(struct insert *i, const struct table *table, size_t rows)
{
	struct buf *sql = &i->sql;
	char name[QUOTED_SIZE];

	sql->len = 0;
	buf_printf(sql, "INSERT INTO %s (",
		   catalog_quote(i->settings->table, name));
	for (size_t k = 0; k < table->count; k++)
		buf_printf(sql, "%s`%s`", k > 0 ? "," : "",
			   table->columns[k].known->name);
	buf_append_text(sql, ") VALUES ");
	for (size_t n = 0; n < rows; n++) {
		buf_append_text(sql, n > 0 ? ",(" : "(");
		for (size_t k = 0; k < table->count; k++)
			buf_append_text(sql, k > 0 ? ",?" : "?");
		buf_append_byte(sql, ')');
	}
}

static int
note_statement_fault(MYSQL_STMT *stmt, struct connection *c)
{
	int error = (int)mysql_stmt_errno(stmt);

	fault_set(&c->fault, error != 0 ? error : CR_UNKNOWN_ERROR, "%s",
		  mysql_stmt_error(stmt));
	return c->fault.error;
}

/* The statement of that many rows; NULL with c->fault. */
static MYSQL_STMT *
statement_of(struct insert *i, struct connection *c, const struct table *table,
	     size_t rows)
{
	if (i->by_rows[rows] != NULL)
		return i->by_rows[rows];
	MYSQL_STMT *stmt = mysql_stmt_init(c->mysql);
	if (stmt == NULL) {
		connection_note_fault(c);
		return NULL;
	}
	write_statement(i, table, rows);
	if (mysql_stmt_prepare(stmt, i->sql.at, i->sql.len) != 0) {
		note_statement_fault(stmt, c);
		/* What was never sent cannot be stored. */
		if (outcome_of(c->fault.error)->error_flags &
		    OUTCOME_MAY_BE_STORED)
			c->fault.error = CR_CONNECTION_ERROR;
		mysql_stmt_close(stmt);
		return NULL;
	}
	i->by_rows[rows] = stmt;
	return stmt;
}

int
insert_prove(struct insert *i, struct connection *c,
	     const struct table *table)
{
	return statement_of(i, c, table, 1) != NULL ? 0 : c->fault.error;
}

static bool
goes_in_pieces(const struct table *table, struct rows rows)
{
	return rows.count == 1 &&
	       rows.at[0].mail->message->raw.len > IN_PIECES &&
	       column_text_is_exact(table_column(table, "mail"));
}

/* Everything that must be copied has its room before the first pointer into
 * it is taken. */
static void
reserve_scratch(struct insert *i, const struct table *table, struct rows rows)
{
	bool in_pieces = goes_in_pieces(table, rows);
	size_t need = 1;
	size_t p = 0;

	for (size_t n = 0; n < rows.count; n++) {
		for (size_t k = 0; k < table->count; k++, p++) {
			i->binds[p].parameter = &i->parameters[p];
			i->binds[p].in_pieces = in_pieces;
			need += bind_measure(&i->binds[p], &table->columns[k],
					     &rows.at[n]);
		}
	}
	if (need <= i->scratch_size && i->scratch_size <= KEPT_SCRATCH)
		return;
	free(i->scratch);
	i->scratch = memory_resize(NULL, need);
	i->scratch_size = need;
}

/* 0, or an error of our own making in c->fault: nothing has been sent. */
static int
bind_rows(struct insert *i, struct connection *c, const struct table *table,
	  struct rows rows)
{
	reserve_scratch(i, table, rows);
	char *scratch = i->scratch;
	size_t p = 0;
	for (size_t n = 0; n < rows.count; n++) {
		for (size_t k = 0; k < table->count; k++, p++) {
			const struct table_column *column = &table->columns[k];
			if (bind_value(&i->binds[p], column, &rows.at[n],
				       &scratch))
				continue;
			fault_set(&c->fault, BIND_KEY_TOO_LONG,
				  "column `%s` cannot hold a key",
				  column->known->name);
			return c->fault.error;
		}
	}
	return 0;
}

/* A packet over the server's limit looks like a crash of the server: it is
 * not sent at all. */
static bool
is_too_big(struct insert *i, struct connection *c, size_t parameters)
{
	size_t bytes = 1024;

	for (size_t p = 0; p < parameters; p++)
		bytes += i->binds[p].length + 16;
	if (bytes <= c->server.max_packet)
		return false;
	fault_set(&c->fault, CR_NET_PACKET_TOO_LARGE, "%zu bytes are more than "
		  "the server's max_allowed_packet", bytes);
	return true;
}

static int
send_pieces(MYSQL_STMT *stmt, unsigned parameter, const struct row *row)
{
	struct view trace = row->recipient->trace;
	const struct chain *raw = &row->mail->message->raw;

	if (trace.len > 0 &&
	    mysql_stmt_send_long_data(stmt, parameter, trace.at, trace.len))
		return -1;
	for (const struct piece *p = raw->first; p != NULL; p = p->next)
		if (p->len > 0 &&
		    mysql_stmt_send_long_data(stmt, parameter, p->bytes,
					      p->len))
			return -1;
	return 0;
}

int
insert_rows(struct insert *i, struct connection *c, const struct table *table,
	    struct rows rows)
{
	assert(rows.count > 0 && rows.count <= insert_max_rows(i, table));
	MYSQL_STMT *stmt = statement_of(i, c, table, rows.count);
	if (stmt == NULL)
		return c->fault.error;
	if (bind_rows(i, c, table, rows) != 0 ||
	    is_too_big(i, c, rows.count * table->count))
		return c->fault.error;
	if (mysql_stmt_bind_param(stmt, i->parameters) != 0)
		return note_statement_fault(stmt, c);
	if (goes_in_pieces(table, rows)) {
		const struct table_column *mail = table_column(table, "mail");
		unsigned parameter = (unsigned)(mail - table->columns);
		if (send_pieces(stmt, parameter, &rows.at[0]) != 0) {
			note_statement_fault(stmt, c);
			mysql_stmt_reset(stmt);
			return c->fault.error;
		}
	}
	if (mysql_stmt_execute(stmt) != 0)
		return note_statement_fault(stmt, c);
	return 0;
}
