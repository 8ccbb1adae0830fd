/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One connection to one host, and what was learned of the server there.
 * MYSQL types stay inside this room: only its own files include this. */
#ifndef STORE_CONNECTION_H
#define STORE_CONNECTION_H

#include "store/outcome.h"
#include "store/settings.h"
#include "store/table.h"

#include <mysql.h>

/* Who a server is, so that it is known again, and what it can take. */
struct server {
	char hostname[NAME_SIZE];
	char version[NAME_SIZE];
	char uuid[NAME_SIZE];           /* empty: MariaDB has none */
	char cluster[NAME_SIZE];        /* of Galera */
	char group[NAME_SIZE];          /* of Group Replication */
	size_t id;
	int64_t started_s;              /* by its own wall clock, as it was */
	size_t port;
	bool is_galera;
	bool is_in_group;               /* of Group Replication, ONLINE */
	bool is_donor;                  /* Galera: Donor/Desynced */
	int64_t paused_ms;              /* by flow control, since its start */
	bool is_tidb;
	bool is_read_only;
	size_t log_file;                /* of InnoDB: bytes, and how many */
	size_t log_files;
	size_t max_packet;
	size_t max_row;                 /* by the engine; SIZE_MAX: none */
	size_t max_transaction;
};

struct connection {
	MYSQL *mysql;
	size_t host;                    /* of settings->hosts */
	unsigned long id;               /* the server's number for it */
	int lock_wait_s;                /* of the session, for its tables */
	struct server server;
	struct store_fault fault;       /* of the last call that failed */
};

/* Connects and sets the session up; NULL with *fault_out where that fails.
 * Who the server is and whether it can be written is asked by failover. */
struct connection *connection_open(const struct store_settings *settings,
				   size_t host, struct store_fault *fault_out);

/* Takes NULL too. is_broken: nobody waits for the server's good-bye. */
void connection_close(struct connection **c, bool is_broken);

/* False where the server has hung up meanwhile; no round trip. */
bool connection_is_alive(struct connection *c);

/* Runs a statement; 0, or the error, which is in c->fault too. */
int connection_run(struct connection *c, const char *sql);

/* Runs a query and gives its rows to the caller, who frees them; NULL with
 * c->fault. */
MYSQL_RES *connection_ask(struct connection *c, const char *sql);

/* The first column of a query's first row as a number; -1 where there is
 * none. */
int64_t connection_ask_number(struct connection *c, const char *sql);

/* One value of the row fetched last; empty for NULL. Valid as long as rows. */
struct view connection_cell(MYSQL_RES *rows, MYSQL_ROW row, unsigned column);

/* Notes the connection's own last error in c->fault and returns it. */
int connection_note_fault(struct connection *c);

#endif
