/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions of the operator's own SQL: which recipients there are, which
 * domains are ours. */
#include "base/clock.h"
#include "store/state.h"
#include "store/store.h"

#include <string.h>

/* The prepared recipient_query of this connection; NULL where the database
 * does not take it. */
static MYSQL_STMT *
recipient_statement(struct store *s)
{
	struct connection *c = s->failover.connection;

	if (s->recipient_query != NULL && s->recipient_connection == c &&
	    s->recipient_connection_id == c->id)
		return s->recipient_query;
	if (s->recipient_query != NULL)
		mysql_stmt_close(s->recipient_query);
	s->recipient_query = mysql_stmt_init(c->mysql);
	s->recipient_connection = c;
	s->recipient_connection_id = c->id;
	if (s->recipient_query == NULL)
		return NULL;
	const char *sql = s->settings->recipient_query;
	if (mysql_stmt_prepare(s->recipient_query, sql, strlen(sql)) == 0 &&
	    mysql_stmt_param_count(s->recipient_query) == 1)
		return s->recipient_query;
	mysql_stmt_close(s->recipient_query);
	s->recipient_query = NULL;
	return NULL;
}

static signed char
ask_for(MYSQL_STMT *stmt, struct view key)
{
	unsigned long length = (unsigned long)key.len;
	MYSQL_BIND parameter = {
		.buffer_type = MYSQL_TYPE_STRING,
		.buffer = (void *)key.at,
		.buffer_length = length,
		.length = &length
	};

	if (mysql_stmt_bind_param(stmt, &parameter) != 0 ||
	    mysql_stmt_execute(stmt) != 0 ||
	    mysql_stmt_store_result(stmt) != 0)
		return -1;
	signed char answer = mysql_stmt_num_rows(stmt) > 0;
	mysql_stmt_free_result(stmt);
	return answer;
}

void
store_find_recipients(struct store *s, const struct view *keys,
		      signed char *answers, size_t count)
{
	int64_t deadline = clock_ms() + s->settings->lookup_ms;

	memset(answers, -1, count);
	if (!failover_connect(&s->failover, deadline))
		return;
	slot_enter_database(s->slot);
	MYSQL_STMT *stmt = recipient_statement(s);
	for (size_t i = 0; stmt != NULL && i < count; i++) {
		answers[i] = ask_for(stmt, keys[i]);
		if (answers[i] < 0 || clock_ms() >= deadline)
			break;
	}
	slot_leave_database(s->slot);
	if (stmt == NULL || answers[count - 1] < 0)
		slot_count(s->slot, COUNT_STORE_ERRORS, 1);
}

bool
store_fetch_domains(struct store *s,
		    void (*take)(void *context, struct view domain),
		    void *context)
{
	if (!failover_connect(&s->failover,
			      clock_ms() + s->settings->lookup_ms))
		return false;
	slot_enter_database(s->slot);
	MYSQL_RES *rows = connection_ask(s->failover.connection,
					 s->settings->domains_query);
	slot_leave_database(s->slot);
	if (rows == NULL) {
		slot_count(s->slot, COUNT_STORE_ERRORS, 1);
		return false;
	}
	for (MYSQL_ROW row; (row = mysql_fetch_row(rows)) != NULL;)
		if (row[0] != NULL)
			take(context, connection_cell(rows, row, 0));
	mysql_free_result(rows);
	return true;
}
