/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the server at the other end is: its variables, read once after each
 * connect. A variable that one engine or other does not have is no fault. */
#include "store/server.h"

#include "base/buf.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOT_READY = 1047, READ_ONLY = 1290, DONOR = 2, START_SLACK_S = 3,
       SQL_MAX = 2048 };

/* TiDB's txn-entry-size-limit and txn-total-size-limit cannot be asked for;
 * these are what it ships with. */
enum { TIDB_ROW = 6 * 1024 * 1024, TIDB_TRANSACTION = 100 * 1024 * 1024,
       ASSUMED_PACKET = 16 * 1024 * 1024 };

/* Where a variable's value goes. */
enum server_reading { AS_TEXT, AS_NUMBER, AS_LEAST, IS_ON, IS_READ_ONLY };

static const struct {
	const char *name;
	enum server_reading reading;
	size_t offset;                  /* in struct server */
} variables[] = {
	{ "hostname", AS_TEXT, offsetof(struct server, hostname) },
	{ "version", AS_TEXT, offsetof(struct server, version) },
	{ "server_uuid", AS_TEXT, offsetof(struct server, uuid) },
	{ "wsrep_cluster_name", AS_TEXT, offsetof(struct server, cluster) },
	{ "group_replication_group_name", AS_TEXT,
	  offsetof(struct server, group) },
	{ "server_id", AS_NUMBER, offsetof(struct server, id) },
	{ "port", AS_NUMBER, offsetof(struct server, port) },
	{ "innodb_log_file_size", AS_NUMBER,
	  offsetof(struct server, log_file) },
	{ "innodb_log_files_in_group", AS_NUMBER,
	  offsetof(struct server, log_files) },
	{ "max_allowed_packet", AS_LEAST,
	  offsetof(struct server, max_packet) },
	{ "wsrep_max_ws_size", AS_LEAST,
	  offsetof(struct server, max_transaction) },
	{ "group_replication_transaction_size_limit", AS_LEAST,
	  offsetof(struct server, max_transaction) },
	{ "wsrep_on", IS_ON, offsetof(struct server, is_galera) },
	{ "read_only", IS_READ_ONLY, 0 },
	{ "super_read_only", IS_READ_ONLY, 0 },
	{ "innodb_read_only", IS_READ_ONLY, 0 },
	{ "offline_mode", IS_READ_ONLY, 0 },
	{ "tidb_restricted_read_only", IS_READ_ONLY, 0 },
	{ "tidb_super_read_only", IS_READ_ONLY, 0 },
};

static void
take_variable(struct server *s, size_t i, struct view value)
{
	char *member = (char *)s + variables[i].offset;
	bool is_on = !(value.len == 0 ||
		       view_equal_nocase(value, VIEW("OFF")) ||
		       view_equal(value, VIEW("0")) ||
		       view_equal_nocase(value, VIEW("NO")));
	size_t n = 0;

	switch (variables[i].reading) {
	case AS_TEXT:
		snprintf(member, NAME_SIZE, "%.*s", (int)value.len, value.at);
		return;
	case AS_NUMBER:
		view_to_size(value, SIZE_MAX, (size_t *)(void *)member);
		return;
	case AS_LEAST:
		if (view_to_size(value, SIZE_MAX, &n) && n > 0 &&
		    n < *(size_t *)(void *)member)
			*(size_t *)(void *)member = n;
		return;
	case IS_ON:
		*(bool *)member = is_on;
		return;
	case IS_READ_ONLY:
		s->is_read_only = s->is_read_only || is_on;
		return;
	}
}

/* MySQL before 8.0.30 refuses blobs over a tenth of its redo log. */
static void
find_engine_limits(struct server *s)
{
	struct view version = view_of(s->version);
	size_t tenth = s->log_file / 10 * (s->log_files > 0 ? s->log_files : 1);

	s->is_tidb = strstr(s->version, "TiDB") != NULL;
	if (s->is_tidb) {
		s->max_row = TIDB_ROW;
		s->max_transaction = TIDB_TRANSACTION;
		return;
	}
	bool is_old_mysql = view_starts_nocase(version, VIEW("5.")) ||
			    view_starts_nocase(version, VIEW("8.0."));
	if (is_old_mysql && strstr(s->version, "MariaDB") == NULL &&
	    tenth > 0)
		s->max_row = tenth;
	if (s->group[0] == '\0' && !s->is_galera)
		s->max_transaction = SIZE_MAX;
}

bool
server_read(struct connection *c)
{
	const size_t count = sizeof(variables) / sizeof(variables[0]);
	struct buf sql = BUF(SQL_MAX);

	c->server = (struct server){ .max_packet = SIZE_MAX,
				     .max_row = SIZE_MAX,
				     .max_transaction = SIZE_MAX };
	buf_append_text(&sql, "SHOW VARIABLES WHERE Variable_name IN ('port'");
	for (size_t i = 0; i < count; i++)
		buf_printf(&sql, ",'%s'", variables[i].name);
	buf_append(&sql, (struct view){ ")", 2 });
	MYSQL_RES *rows = connection_ask(c, sql.at);
	buf_release(&sql);
	if (rows == NULL)
		return false;
	for (MYSQL_ROW row; (row = mysql_fetch_row(rows)) != NULL;)
		for (size_t i = 0; i < count; i++)
			if (view_equal_nocase(connection_cell(rows, row, 0),
					      view_of(variables[i].name)))
				take_variable(&c->server, i,
					      connection_cell(rows, row, 1));
	mysql_free_result(rows);
	if (c->server.max_packet == SIZE_MAX)
		c->server.max_packet = ASSUMED_PACKET;
	find_engine_limits(&c->server);
	/* Both follow the server's wall clock, so that no step of it changes
	 * when it says that it was started; 0 where it does not say. */
	size_t uptime = 0;
	int64_t now_s = -1;
	rows = connection_ask(c, "SHOW GLOBAL STATUS LIKE 'Uptime'");
	MYSQL_ROW row = rows != NULL ? mysql_fetch_row(rows) : NULL;
	if (row != NULL && view_to_size(connection_cell(rows, row, 1),
					INT32_MAX, &uptime))
		now_s = connection_ask_number(c, "SELECT UNIX_TIMESTAMP()");
	if (rows != NULL)
		mysql_free_result(rows);
	c->server.started_s = now_s > 0 ? now_s - (int64_t)uptime : 0;
	return true;
}

bool
server_look(struct connection *c)
{
	MYSQL_RES *rows = connection_ask(c, "SHOW GLOBAL STATUS WHERE "
		"Variable_name IN ('wsrep_local_state',"
		"'wsrep_flow_control_paused_ns')");

	if (rows == NULL)
		return false;
	for (MYSQL_ROW row; (row = mysql_fetch_row(rows)) != NULL;) {
		struct view name = connection_cell(rows, row, 0);
		size_t value = 0;
		view_to_size(connection_cell(rows, row, 1), SIZE_MAX, &value);
		if (view_equal_nocase(name, VIEW("wsrep_local_state")))
			c->server.is_donor = value == DONOR;
		else
			c->server.paused_ms = (int64_t)(value / 1000000);
	}
	mysql_free_result(rows);
	return true;
}

/* A node without its majority answers reads and refuses, or blocks, writes. */
static bool
is_in_cluster(struct connection *c)
{
	bool is_in = true;
	MYSQL_RES *rows = connection_ask(c, "SHOW GLOBAL STATUS WHERE "
		"Variable_name IN ('wsrep_ready', 'wsrep_cluster_status')");

	if (rows == NULL)
		return false;
	for (MYSQL_ROW row; (row = mysql_fetch_row(rows)) != NULL;) {
		struct view value = connection_cell(rows, row, 1);
		if (!view_equal_nocase(value, VIEW("ON")) &&
		    !view_equal_nocase(value, VIEW("Primary")))
			is_in = false;
	}
	mysql_free_result(rows);
	if (!is_in)
		fault_set(&c->fault, NOT_READY, "the node is not ready: "
			  "wsrep_ready or wsrep_cluster_status");
	return is_in;
}

/* Without the right to look this says nothing, and super_read_only decides. */
static bool
is_in_group(struct connection *c)
{
	bool is_in = true;
	MYSQL_RES *rows = connection_ask(c, "SELECT MEMBER_STATE FROM "
		"performance_schema.replication_group_members "
		"WHERE MEMBER_ID = @@server_uuid");
	MYSQL_ROW row = rows != NULL ? mysql_fetch_row(rows) : NULL;

	if (row != NULL && row[0] != NULL) {
		struct view state = connection_cell(rows, row, 0);
		is_in = state.len == 0 ||
			view_equal_nocase(state, VIEW("ONLINE")) ||
			view_equal_nocase(state, VIEW("OFFLINE"));
		c->server.is_in_group =
			view_equal_nocase(state, VIEW("ONLINE"));
	}
	if (rows != NULL)
		mysql_free_result(rows);
	if (!is_in)
		fault_set(&c->fault, NOT_READY, "the member is not ONLINE");
	return is_in;
}

bool
server_is_writable(struct connection *c)
{
	if (c->server.is_read_only) {
		fault_set(&c->fault, READ_ONLY, "the server is read only");
		return false;
	}
	if (c->server.is_galera)
		return is_in_cluster(c) && server_look(c);
	return c->server.uuid[0] == '\0' || is_in_group(c);
}

bool
server_is_certified_with(const struct server *a, const struct server *b)
{
	return (a->is_galera && b->is_galera &&
		strcmp(a->cluster, b->cluster) == 0) ||
	       (a->is_in_group && b->is_in_group &&
		strcmp(a->group, b->group) == 0);
}

bool
server_is_restarted(const struct server *then, const struct server *now)
{
	return then->started_s != 0 && now->started_s != 0 &&
	       llabs(now->started_s - then->started_s) > START_SLACK_S;
}

bool
server_is_same(const struct server *a, const struct server *b)
{
	return strcmp(a->hostname, b->hostname) == 0 && a->port == b->port &&
	       a->id == b->id && strcmp(a->uuid, b->uuid) == 0;
}
