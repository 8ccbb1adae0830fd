/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What lies in the memory of connection_limits: a region a worker, with its
 * table of connections and its sketches of rates. */
#ifndef NET_CONNECTION_REGIONS_H
#define NET_CONNECTION_REGIONS_H

#include "net/connection_limits.h"
#include "net/connection_table.h"
#include "net/recipient_rates.h"

/* Each has a sketch in each region. */
enum rate_kind { RATE_RECIPIENT, RATE_DOMAIN, RATE_KINDS };

struct connection_limits {
	struct connection_limits_handle h;
	size_t entries;
	size_t stride;                  /* bytes from region to region */
	void *shared;
	bool *is_taken;                 /* the master's alone */
};

/* The sketch of that kind, behind the region's table of connections. */
struct recipient_rates *region_rates(const struct connection_limits *c,
				     unsigned i, enum rate_kind kind);

#endif
