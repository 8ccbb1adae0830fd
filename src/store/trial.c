/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a worker does when it connects, for -t --database: each host alone,
 * so that none hides behind another. */
#include "store/trial.h"

#include "store/failover.h"

#include <string.h>

struct query {
	const char *key;
	const char *sql;                /* "": none */
};

/* Whether the server takes the query; it is not run. */
static bool
try_query(struct connection *c, const struct query *q, const char *host,
	  struct buf *bad)
{
	if (q->sql[0] == '\0')
		return true;
	MYSQL_STMT *stmt = mysql_stmt_init(c->mysql);
	if (stmt == NULL)
		return false;
	bool is_taken = mysql_stmt_prepare(stmt, q->sql, strlen(q->sql)) == 0;
	if (!is_taken)
		buf_printf(bad, "%s: %s: error %u: %s\n", host, q->key,
			   mysql_stmt_errno(stmt), mysql_stmt_error(stmt));
	mysql_stmt_close(stmt);
	return is_taken;
}

static bool
try_host(const struct store_settings *s, struct buf *good, struct buf *bad)
{
	const char *name = s->hosts[0].name[0] != '\0' ? s->hosts[0].name :
							 s->socket;
	struct failover f;

	failover_init(&f, s, NULL);
	bool is_good = failover_connect_to(&f, 0);
	if (!is_good)
		buf_printf(bad, "%s: error %d: %s\n", name, f.fault.error,
			   f.fault.text);
	const struct query queries[] = {
		{ "recipient_query", s->recipient_query },
		{ "domains_query", s->domains_query },
	};
	for (size_t i = 0; f.connection != NULL && i < 2; i++)
		is_good = try_query(f.connection, &queries[i], name, bad) &&
			  is_good;
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
