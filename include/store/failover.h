/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one connection that a process keeps to the database, over all that
 * happens to hosts: found, proved, watched, renewed and found again. */
#ifndef STORE_FAILOVER_H
#define STORE_FAILOVER_H

#include "store/connection.h"
#include "store/hosts.h"
#include "store/insert.h"
#include "store/store.h"
#include "store/table.h"

struct failover {
	const struct store_settings *settings;
	struct scoreboard_slot *slot;
	struct hosts hosts;
	struct connection *connection;  /* NULL: none now */
	struct table table;             /* of this connection's host */
	struct table raw_table;         /* the same; without a name: none */
	struct insert *insert;
	struct charset_map *maps;       /* of all sets met so far */
	struct store_size_limits *by_host; /* is_known: seen */
	struct store_size_limits size_limits; /* the smallest of them */
	int64_t read_ms;                /* the table, then */
	int64_t renew_ms;               /* max_age is over then */
	int64_t alive_ms;               /* when it was last found alive */
	int64_t look_ms;                /* for a better host, then */
	size_t better;                  /* the host that is probed */
	struct probe probe;
	size_t donor;                   /* met while they were avoided */
	bool was_donor;                 /* and that was told */
	bool was_up;
	bool has_warned;                /* of the table */
	struct store_fault fault;       /* why it is down */
};

/* Does not connect yet. settings and slot must outlive it; slot may be NULL.
 * deinit says good-bye to the server. */
void failover_init(struct failover *l, const struct store_settings *settings,
		   struct scoreboard_slot *slot);
void failover_deinit(struct failover *l);

/* Makes sure of a connection that can write; tries each host that is due at
 * most once, and none after deadline_ms. */
bool failover_connect(struct failover *l, int64_t deadline_ms);

/* The same, of this host only. avoids_donors: not to a node that gives its
 * state to another, since another may be had. */
bool failover_connect_to(struct failover *l, size_t host, bool avoids_donors);

/* The connection is closed, if there is one, and its fault is l->fault.
 * host_failed: its host is left for a while. */
void failover_drop(struct failover *l, bool host_failed);

/* Moves to another host that has room for a message of so many bytes, which
 * ours has not; false where none is known or can be had. */
bool failover_find_room(struct failover *l, size_t message_bytes);

/* Reads the table again, of the connection that there is; false where that
 * failed and there is none any more. */
bool failover_reread(struct failover *l);

#endif
