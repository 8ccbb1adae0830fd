/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One connection to one host. The client library may fail over, reconnect
 * and quote on its own; it does none of that here, since each of those can
 * answer OK for a transaction that is gone. */
#include "store/connection.h"

#include "base/memory.h"
#include "store/store.h"

#include <errmsg.h>

#include <assert.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#if defined(MARIADB_PACKAGE_VERSION) || defined(MARIADB_BASE_VERSION)
#define IS_CONNECTOR_C 1
#else
#define IS_CONNECTOR_C 0
#endif

enum { SETTING_SIZE = 80 };

static unsigned
whole_seconds(int64_t ms)
{
	int64_t seconds = (ms + 999) / 1000;

	return seconds < 1 ? 1 : (unsigned)seconds;
}

static void
set_options(MYSQL *mysql, const struct store_settings *settings,
	    const struct store_host *host)
{
	unsigned connect_s = whole_seconds(settings->connect_timeout_ms);
	unsigned timeout_s = whole_seconds(settings->timeout_ms);
	unsigned long packet = 1024UL * 1024 * 1024;
	unsigned long buffer = 128UL * 1024;
	unsigned no = 0;
	unsigned protocol = host->port > 0 ? MYSQL_PROTOCOL_TCP :
					     MYSQL_PROTOCOL_SOCKET;

	mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
	mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &timeout_s);
	mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &timeout_s);
	mysql_options(mysql, MYSQL_OPT_LOCAL_INFILE, &no);
	mysql_options(mysql, MYSQL_OPT_PROTOCOL, &protocol);
	mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	mysql_options(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet);
	mysql_options(mysql, MYSQL_OPT_NET_BUFFER_LENGTH, &buffer);
	if (!settings->has_tls)
		return;
	if (settings->tls_ca[0] != '\0')
		mysql_options(mysql, MYSQL_OPT_SSL_CA, settings->tls_ca);
#if IS_CONNECTOR_C
	my_bool yes = 1;
	mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &yes);
	mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
#else
	unsigned mode = SSL_MODE_VERIFY_IDENTITY;
	mysql_options(mysql, MYSQL_OPT_SSL_MODE, &mode);
	if (settings->tls_ca[0] == '\0')
		mysql_options(mysql, MYSQL_OPT_SSL_CAPATH, "/etc/ssl/certs");
#endif
}

static int
socket_of(MYSQL *mysql)
{
#if IS_CONNECTOR_C
	return (int)mysql_get_socket(mysql);
#else
	return (int)mysql->net.fd;
#endif
}

int
connection_note_fault(struct connection *c)
{
	int error = (int)mysql_errno(c->mysql);

	/* A library that fails without a number leaves us in doubt. */
	fault_set(&c->fault, error != 0 ? error : CR_UNKNOWN_ERROR, "%s",
		  mysql_error(c->mysql));
	return c->fault.error;
}

int
connection_run(struct connection *c, const char *sql)
{
	if (mysql_real_query(c->mysql, sql, strlen(sql)) != 0)
		return connection_note_fault(c);
	MYSQL_RES *unwanted = mysql_store_result(c->mysql);
	if (unwanted != NULL)
		mysql_free_result(unwanted);
	return 0;
}

MYSQL_RES *
connection_ask(struct connection *c, const char *sql)
{
	if (mysql_real_query(c->mysql, sql, strlen(sql)) != 0) {
		connection_note_fault(c);
		return NULL;
	}
	MYSQL_RES *rows = mysql_store_result(c->mysql);
	if (rows == NULL)
		connection_note_fault(c);
	return rows;
}

int64_t
connection_ask_number(struct connection *c, const char *sql)
{
	int64_t number = -1;
	MYSQL_RES *rows = connection_ask(c, sql);
	MYSQL_ROW row = rows != NULL ? mysql_fetch_row(rows) : NULL;

	if (row != NULL && row[0] != NULL)
		number = strtoll(row[0], NULL, 10);
	if (rows != NULL)
		mysql_free_result(rows);
	return number;
}

struct view
connection_cell(MYSQL_RES *rows, MYSQL_ROW row, unsigned column)
{
	assert(column < mysql_num_fields(rows));
	if (row[column] == NULL)
		return VIEW("");
	return (struct view){ row[column],
			      mysql_fetch_lengths(rows)[column] };
}

/* A wait for a lock ends before mysql.timeout does: as an error that is
 * repeated, not as a commit that nobody knows of. Any of them may be unknown
 * to one engine or other: each goes alone. */
static bool
set_up_session(struct connection *c, const struct store_settings *settings)
{
	int most_s = (int)(settings->timeout_ms / 1000 - 1);
	char tables[SETTING_SIZE], rows[SETTING_SIZE];
	const char *const all[] = {
		"sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
		"autocommit = 1", "time_zone = '+00:00'", "unique_checks = 1",
		tables, rows
	};

	c->lock_wait_s = most_s < 1 ? 1 : most_s;
	snprintf(tables, sizeof(tables), "lock_wait_timeout = %d",
		 c->lock_wait_s);
	snprintf(rows, sizeof(rows), "innodb_lock_wait_timeout = %d",
		 c->lock_wait_s < 5 ? c->lock_wait_s : 5);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		char sql[2 * SETTING_SIZE];
		snprintf(sql, sizeof(sql), "SET SESSION %s", all[i]);
		int error = connection_run(c, sql);
		/* Refused by the server: it may not know the variable. But
		 * strictness, the first, is a must. */
		if (error != 0 && (i == 0 || outcome_is_of_client(error)))
			return false;
	}
	return true;
}

static bool
sign_in(struct connection *c, const struct store_settings *settings)
{
	const struct store_host *host = &settings->hosts[c->host];
	bool is_local = host->port == 0;
	bool has_path = is_local && settings->socket[0] != '\0';
	int on = 1, idle_s = 30, interval_s = 5;
	int timeout_ms = (int)settings->timeout_ms;

	set_options(c->mysql, settings, host);
	if (mysql_real_connect(c->mysql, is_local ? NULL : host->name,
			       settings->user, settings->password,
			       settings->database, host->port,
			       has_path ? settings->socket : NULL,
			       0) == NULL) {
		connection_note_fault(c);
		return false;
	}
	c->id = mysql_thread_id(c->mysql);
	/* A host that vanishes without a word is noticed within timeout. On a
	 * unix socket these fail, and are not needed. */
	int fd = socket_of(c->mysql);
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms,
		   sizeof(timeout_ms));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s,
		   sizeof(interval_s));
	return true;
}

struct connection *
connection_open(const struct store_settings *settings, size_t host,
		struct store_fault *fault_out)
{
	struct connection *c = memory_new(1, sizeof(*c));

	assert(host < settings->host_count);
	c->host = host;
	c->mysql = mysql_init(NULL);
	if (c->mysql == NULL)
		fault_set(&c->fault, CR_OUT_OF_MEMORY, "out of memory");
	else if (sign_in(c, settings) && set_up_session(c, settings))
		return c;
	*fault_out = c->fault;
	connection_close(&c, true);
	return NULL;
}

void
connection_close(struct connection **c, bool is_broken)
{
	if (*c == NULL)
		return;
	MYSQL *mysql = (*c)->mysql;
	int fd = mysql != NULL ? socket_of(mysql) : -1;
	if (is_broken && fd >= 0)
		shutdown(fd, SHUT_RDWR);
	if (mysql != NULL)
		mysql_close(mysql);
	free(*c);
	*c = NULL;
}

/* An idle connection has nothing to say: what is readable is its end. Below
 * TLS it may be a record for the library, so there a round trip decides. */
bool
connection_is_alive(struct connection *c)
{
	struct pollfd fd = { .fd = socket_of(c->mysql), .events = POLLIN };
	char byte;

	if (fd.fd < 0)
		return false;
	if (poll(&fd, 1, 0) == 0)
		return true;
	if (mysql_get_ssl_cipher(c->mysql) == NULL ||
	    recv(fd.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0)
		return false;
	return mysql_ping(c->mysql) == 0;
}

/* ---- What the library would load later ---------------------------------- */

/* <mysql/client_plugin.h>, which only one of the two libraries installs, has
 * it as MYSQL_CLIENT_AUTHENTICATION_PLUGIN. */
enum { AUTHENTICATION_PLUGIN = 2 };

static const char *const plugins[] = {
	"mysql_native_password", "caching_sha2_password", "client_ed25519",
	"sha256_password", "parsec"
};

void
store_warm_up(void)
{
	struct addrinfo *found = NULL;

	mysql_library_init(0, NULL, NULL);
	MYSQL *mysql = mysql_init(NULL);
	/* A plugin that is not installed is none that anybody can ask for. */
	for (size_t i = 0;
	     mysql != NULL && i < sizeof(plugins) / sizeof(plugins[0]); i++)
		(void)mysql_client_find_plugin(mysql, plugins[i],
						AUTHENTICATION_PLUGIN);
	if (mysql != NULL)
		mysql_close(mysql);
	/* Not for the answer: what it loads must be there. */
	if (getaddrinfo("127.0.0.1", NULL, NULL, &found) == 0)
		freeaddrinfo(found);
}
