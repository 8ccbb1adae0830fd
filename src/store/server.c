/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the server at the other end is: its variables, read once after each
 * connect. A variable that one engine or other does not have is no fault. */
#include "store/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOT_READY = 1047, READ_ONLY = 1290, DONOR = 2, START_SLACK_S = 3 };

static const char asking[] =
	"SHOW VARIABLES WHERE Variable_name IN ('max_allowed_packet',"
	"'hostname','port','server_id','server_uuid','version',"
	"'read_only','super_read_only','innodb_read_only','offline_mode',"
	"'tidb_restricted_read_only','tidb_super_read_only',"
	"'wsrep_on','wsrep_cluster_name','wsrep_max_ws_size',"
	"'group_replication_group_name',"
	"'group_replication_transaction_size_limit',"
	"'innodb_log_file_size','innodb_log_files_in_group')";

/* TiDB's txn-entry-size-limit and txn-total-size-limit cannot be asked for;
 * these are what it ships with. */
enum { TIDB_ROW = 6 * 1024 * 1024, TIDB_TRANSACTION = 100 * 1024 * 1024,
       ASSUMED_PACKET = 16 * 1024 * 1024 };

struct server_reader {
	struct server *server;
	size_t log_file;
	size_t log_files;
	bool has_group;
};

static bool
is_on(struct view value)
{
	return !(value.len == 0 || view_equal_nocase(value, VIEW("OFF")) ||
		 view_equal(value, VIEW("0")) ||
		 view_equal_nocase(value, VIEW("NO")));
}

static void
keep(char out[NAME_SIZE], struct view value)
{
	snprintf(out, NAME_SIZE, "%.*s", (int)value.len, value.at);
}

static void
lower_to(size_t *limit, struct view value)
{
	size_t n = 0;

	if (view_to_size(value, SIZE_MAX, &n) && n > 0 && n < *limit)
		*limit = n;
}

static void
take_group(struct server_reader *r, struct view name)
{
	r->has_group = name.len > 0;
	if (r->has_group)
		keep(r->server->cluster, name);
}

static void
take_text(struct server_reader *r, struct view name, struct view value)
{
	struct server *s = r->server;

	if (view_equal_nocase(name, VIEW("hostname")))
		keep(s->hostname, value);
	else if (view_equal_nocase(name, VIEW("version")))
		keep(s->version, value);
	else if (view_equal_nocase(name, VIEW("server_uuid")))
		keep(s->uuid, value);
	else if (view_equal_nocase(name, VIEW("wsrep_cluster_name")))
		keep(s->cluster, value);
	else if (view_equal_nocase(name, VIEW("wsrep_on")))
		s->is_galera = is_on(value);
	else if (view_equal_nocase(name, VIEW("group_replication_group_name")))
		take_group(r, value);
	else if (view_ends_nocase(name, VIEW("read_only")) ||
		 view_equal_nocase(name, VIEW("offline_mode")))
		s->is_read_only = s->is_read_only || is_on(value);
}

static void
take_number(struct server_reader *r, struct view name, struct view value)
{
	struct server *s = r->server;
	size_t n = 0;

	if (view_equal_nocase(name, VIEW("max_allowed_packet")))
		lower_to(&s->max_packet, value);
	else if (view_equal_nocase(name, VIEW("server_id")))
		s->id = view_to_size(value, SIZE_MAX, &n) ? (int64_t)n : 0;
	else if (view_equal_nocase(name, VIEW("port")))
		view_to_size(value, SIZE_MAX, &s->port);
	else if (view_equal_nocase(name, VIEW("innodb_log_file_size")))
		view_to_size(value, SIZE_MAX, &r->log_file);
	else if (view_equal_nocase(name, VIEW("innodb_log_files_in_group")))
		view_to_size(value, SIZE_MAX, &r->log_files);
	else if (view_equal_nocase(name, VIEW("wsrep_max_ws_size")) ||
		 view_equal_nocase(name, VIEW("group_replication_"
					      "transaction_size_limit")))
		lower_to(&s->max_transaction, value);
}

/* MySQL before 8.0.30 refuses blobs over a tenth of its redo log. */
static void
find_engine_limits(struct server_reader *r)
{
	struct server *s = r->server;
	struct view version = view_of(s->version);
	size_t tenth = r->log_file / 10 * (r->log_files > 0 ? r->log_files : 1);

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
	if (!r->has_group && !s->is_galera)
		s->max_transaction = SIZE_MAX;
}

/* Both follow the server's wall clock, so that no step of it changes when it
 * says that it was started; 0 where it does not say. */
static void
find_start(struct connection *c)
{
	size_t uptime = 0;
	int64_t now_s = -1;
	MYSQL_RES *rows = connection_ask(c, "SHOW GLOBAL STATUS LIKE 'Uptime'");
	MYSQL_ROW row = rows != NULL ? mysql_fetch_row(rows) : NULL;

	if (row != NULL && view_to_size(connection_cell(rows, row, 1),
					INT32_MAX, &uptime))
		now_s = connection_ask_number(c, "SELECT UNIX_TIMESTAMP()");
	if (rows != NULL)
		mysql_free_result(rows);
	c->server.started_s = now_s > 0 ? now_s - (int64_t)uptime : 0;
}

bool
server_read(struct connection *c)
{
	struct server_reader r = { .server = &c->server };

	memset(&c->server, 0, sizeof(c->server));
	c->server.max_packet = SIZE_MAX;
	c->server.max_row = SIZE_MAX;
	c->server.max_transaction = SIZE_MAX;
	MYSQL_RES *rows = connection_ask(c, asking);
	if (rows == NULL)
		return false;
	for (MYSQL_ROW row; (row = mysql_fetch_row(rows)) != NULL;) {
		struct view name = connection_cell(rows, row, 0);
		struct view value = connection_cell(rows, row, 1);
		take_text(&r, name, value);
		take_number(&r, name, value);
	}
	mysql_free_result(rows);
	if (c->server.max_packet == SIZE_MAX)
		c->server.max_packet = ASSUMED_PACKET;
	find_engine_limits(&r);
	find_start(c);
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
	bool are_certified = (a->is_galera && b->is_galera) ||
			     (a->is_in_group && b->is_in_group);

	return are_certified && strcmp(a->cluster, b->cluster) == 0;
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
