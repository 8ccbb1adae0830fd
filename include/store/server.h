/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the server at the other end is, and whether it takes writes. */
#ifndef STORE_SERVER_H
#define STORE_SERVER_H

#include "store/connection.h"

/* Fills c->server; false with c->fault. */
bool server_read(struct connection *c);

/* A Galera node's state now: is_donor and paused_ms. False with c->fault. */
bool server_look(struct connection *c);

/* False with c->fault for a replica, a node out of its cluster's majority,
 * and one that is read only for any other reason. */
bool server_is_writable(struct connection *c);

/* Of one server: whether what was connected then cannot be any more. */
bool server_is_restarted(const struct server *then, const struct server *now);

/* Whether both are the same server, whatever its address. */
bool server_is_same(const struct server *a, const struct server *b);

/* Whether what one commits is certified by the other: nodes of a cluster. */
bool server_is_certified_with(const struct server *a, const struct server *b);

#endif
