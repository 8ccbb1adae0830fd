/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the hosts with a name are: looked up by a process that does nothing
 * else, in shared memory for those that connect. These ask no name server,
 * and so need none within their reach. */
#ifndef STORE_HOST_NAMES_H
#define STORE_HOST_NAMES_H

#include "base/address.h"
#include "store/settings.h"

enum { HOST_ADDRESSES = 8 };            /* more of a name are left out */

struct host_addresses {
	size_t count;
	struct address at[HOST_ADDRESSES];      /* without a port */
};

struct host_names;                      /* in shared memory, zeros at first */

/* Whether it has a name that must be looked up. */
bool host_has_name(const struct store_host *host);

/* Whether any of them has. */
bool host_names_are_wanted(const struct store_settings *s);

/* Bytes for so many hosts, in whole pages. */
size_t host_names_size(size_t host_count);

/* One process writes: what was found for host i, which counts from now on;
 * nothing found leaves what was, and counts as asked. */
void host_names_set(struct host_names *n, size_t i,
		    const struct host_addresses *found);

/* False where nothing was found yet, or another writes without end. */
bool host_names_get(const struct host_names *n, size_t i,
		    struct host_addresses *out);

/* From now on getaddrinfo() of this process, the client library's too, finds
 * the hosts' names in n. Waits until each was asked for, at most most_ms. Both
 * must outlive the process's connections. Before its second thread. */
void host_names_use(const struct host_names *n,
		    const struct store_settings *s, int64_t most_ms);

/* By the name service; the resolver's. False with getaddrinfo()'s error in
 * why, which is a constant. */
bool host_names_ask(const char *name, struct host_addresses *out,
		    const char **why);

#endif
