/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a worker does when it connects, for -t --database: each host alone,
 * so that none hides behind another. */
#include "store/trial.h"

#include "store/failover.h"

#include <string.h>

/* Whether the server takes the query; it is not run. */
static bool
try_query(struct connection *c, const char *key, const char *sql,
	  const char *host, struct buf *bad)
{
	if (sql[0] == '\0')
		return true;
	MYSQL_STMT *stmt = mysql_stmt_init(c->mysql);
	if (stmt == NULL)
		return false;
	bool is_taken = mysql_stmt_prepare(stmt, sql, strlen(sql)) == 0;
	if (!is_taken)
		buf_printf(bad, "%s: %s: error %u: %s\n", host, key,
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
	if (is_good) {
		bool has_recipients = try_query(f.connection,
						"recipient_query",
						s->recipient_query, name, bad);
		bool has_domains = try_query(f.connection, "domains_query",
					     s->domains_query, name, bad);
		is_good = has_recipients && has_domains;
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
