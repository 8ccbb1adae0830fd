/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions of the operator's own SQL: which recipients there are, which
 * domains are ours, which senders are unwanted. */
#include "base/clock.h"
#include "base/log.h"
#include "store/hosts.h"
#include "store/outcome.h"
#include "store/state.h"
#include "store/store.h"
#include "store/trial.h"

#include <assert.h>
#include <string.h>

enum { WRONG_COUNT = 1210 };     /* of arguments, as MySQL says it */

static const struct {
	const char *key;
	const char *meanwhile;
} troubles[LOG_TROUBLES] = {
	[TROUBLE_RECIPIENT_QUERY] = { "recipient_query",
				      "every recipient is answered 451" },
	[TROUBLE_DOMAINS_QUERY] = { "domains_query",
				    "the last list of domains stays" },
	[TROUBLE_BLOCKED_SENDERS_QUERY] = { "blocked_senders_query",
					    "the last list of them stays" },
};

/* A query that the operator wrote and the server does not take, or takes
 * again (error 0): one loud line of all processes, and the state in status.
 * An outage is told elsewhere. */
static void
tell(struct store *s, enum log_trouble which, int error, const char *text)
{
	const char *key = troubles[which].key;

	assert(key != NULL);
	if (error != 0)
		outcome_count(error, s->slot);
	if (error == 0 ? !s->is_broken[which] :
			 outcome_of(error)->action == ACTION_IN_DOUBT)
		return;
	s->is_broken[which] = error != 0;
	bool may_tell = log_may_tell(which, error);
	if (error == 0) {
		slot_set_error(s->slot, VIEW(""));
		if (may_tell)
			log_info("a query of the configuration works again",
				 LOG_STR("key", key));
		return;
	}
	if (may_tell)
		log_error("a query of the configuration is broken",
			  LOG_STR("key", key), LOG_NUM("error", error),
			  LOG_STR("text", text),
			  LOG_STR("meanwhile", troubles[which].meanwhile));
	host_report_status(s->slot, key, error, text);
}

/* The prepared recipient_query of this connection; NULL where the database
 * does not take it. */
static MYSQL_STMT *
recipient_statement(struct store *s)
{
	struct connection *c = s->failover.connection;
	const char *sql = s->settings->recipient_query;

	if (s->recipient_query != NULL && s->recipient_connection == c &&
	    s->recipient_connection_id == c->id)
		return s->recipient_query;
	if (s->recipient_query != NULL)
		mysql_stmt_close(s->recipient_query);
	s->recipient_query = mysql_stmt_init(c->mysql);
	s->recipient_connection = c;
	s->recipient_connection_id = c->id;
	if (s->recipient_query == NULL ||
	    (mysql_stmt_prepare(s->recipient_query, sql, strlen(sql)) == 0 &&
	     mysql_stmt_param_count(s->recipient_query) == 1))
		return s->recipient_query;
	int error = (int)mysql_stmt_errno(s->recipient_query);
	tell(s, TROUBLE_RECIPIENT_QUERY, error != 0 ? error :
		    WRONG_COUNT, error != 0 ?
		    mysql_stmt_error(s->recipient_query) :
		    "it must have one ?");
	mysql_stmt_close(s->recipient_query);
	s->recipient_query = NULL;
	return NULL;
}

static signed char
ask_for(struct store *s, MYSQL_STMT *stmt, struct view key)
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
	    mysql_stmt_store_result(stmt) != 0) {
		tell(s, TROUBLE_RECIPIENT_QUERY,
			    (int)mysql_stmt_errno(stmt),
			    mysql_stmt_error(stmt));
		return -1;
	}
	tell(s, TROUBLE_RECIPIENT_QUERY, 0, "");
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
		answers[i] = ask_for(s, stmt, keys[i]);
		if (answers[i] < 0 || clock_ms() >= deadline)
			break;
	}
	slot_leave_database(s->slot);
}

bool
store_fetch_list(struct store *s, enum store_list which,
		 void (*take)(void *context, struct view name), void *context)
{
	bool is_domains = which == STORE_LIST_DOMAINS;
	enum log_trouble trouble = is_domains ? TROUBLE_DOMAINS_QUERY :
						TROUBLE_BLOCKED_SENDERS_QUERY;

	if (!failover_connect(&s->failover,
			      clock_ms() + s->settings->lookup_ms))
		return false;
	slot_enter_database(s->slot);
	MYSQL_RES *rows = connection_ask(s->failover.connection,
					 is_domains ?
					 s->settings->domains_query :
					 s->settings->blocked_senders_query);
	slot_leave_database(s->slot);
	if (rows == NULL) {
		const struct store_fault *f = &s->failover.connection->fault;
		tell(s, trouble, f->error, f->text);
		return false;
	}
	tell(s, trouble, 0, "");
	for (MYSQL_ROW row; (row = mysql_fetch_row(rows)) != NULL;)
		if (row[0] != NULL)
			take(context, connection_cell(rows, row, 0));
	mysql_free_result(rows);
	return true;
}

/* ---- What a worker does when it connects, for -t --database ------------- */

static bool
try_host(const struct store_settings *s, struct buf *good, struct buf *bad)
{
	const char *name = s->hosts[0].name[0] != '\0' ? s->hosts[0].name :
							 s->socket;
	struct failover f;

	failover_init(&f, s, NULL);
	bool is_good = failover_connect_to(&f, 0, false);
	if (!is_good)
		buf_printf(bad, "%s: error %d: %s\n", name, f.fault.error,
			   f.fault.text);
	/* Whether the server takes them; they are not run. */
	const struct { const char *key, *sql; } queries[] = {
		{ "recipient_query", s->recipient_query },
		{ "domains_query", s->domains_query },
		{ "blocked_senders_query", s->blocked_senders_query },
	};
	for (size_t i = 0; f.connection != NULL && i < 3; i++) {
		const char *sql = queries[i].sql;
		if (sql[0] == '\0')
			continue;
		MYSQL_STMT *stmt = mysql_stmt_init(f.connection->mysql);
		bool is_taken = stmt != NULL &&
			mysql_stmt_prepare(stmt, sql, strlen(sql)) == 0;
		if (stmt != NULL && !is_taken)
			buf_printf(bad, "%s: %s: error %u: %s\n", name,
				   queries[i].key, mysql_stmt_errno(stmt),
				   mysql_stmt_error(stmt));
		if (stmt != NULL)
			mysql_stmt_close(stmt);
		is_good = is_good && is_taken;
	}
	if (is_good)
		buf_printf(good, "%s: %s takes mail into %s.%s\n", name,
			   f.connection->server.version, s->database,
			   s->table);
	failover_deinit(&f);
	return is_good;
}

bool
store_trial(const struct store_settings *settings, struct buf *good,
	    struct buf *bad)
{
	bool all_good = true;

	for (size_t i = 0; i < settings->host_count; i++) {
		struct store_settings one = *settings;
		one.hosts = &settings->hosts[i];
		one.host_count = 1;
		all_good = try_host(&one, good, bad) && all_good;
	}
	return all_good;
}
