/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many connections there are, in all and from one address, and how much
 * mail there is for one recipient and one domain, over all workers. In shared
 * memory without locks: each worker writes its own region and reads the
 * others', so that a killed one leaves nothing behind once the master has
 * cleared its region. */
#ifndef NET_CONNECTION_LIMITS_H
#define NET_CONNECTION_LIMITS_H

#include "mail.h"

#include <stddef.h>

struct connection_limits;

struct connection_maxima {
	size_t connections;             /* in all */
	size_t connections_per_ip;      /* IPv6: per /64; 0: no limit */
	size_t rate_per_ip;             /* new ones a minute; 0: no limit */
	size_t rate_per_recipient;      /* mails a minute; 0: no limit */
	size_t rate_per_domain;
};

/* Where one worker counts. */
struct connection_counter {
	struct connection_limits *connection_limits;
	unsigned region;
	struct connection_maxima limits; /* its own generation's */
};

enum connection_verdict {
	CONNECTION_OK,
	CONNECTION_FULL,
	CONNECTION_PER_IP,
	CONNECTION_RATE
};

/* For the master, before it forks. regions: how many workers can be alive at
 * once, with generations that drain; connections: the most in all. NULL with
 * errno where there is no memory. */
struct connection_limits *connection_limits_new(unsigned regions,
						size_t connections);
void connection_limits_free(struct connection_limits **c);

/* What another program needs to go on with the same one after an exec. */
struct connection_limits_handle {
	int fd;                         /* close-on-exec */
	int layout;                     /* of the memory, raised with it */
	unsigned regions;
	size_t connections;             /* as _new() was told */
	uint64_t secret[2];
};

/* adopt: the same memory, with no region taken; the descriptor is its own
 * from then on. NULL with errno (EPROTO: another layout), and the descriptor
 * is left alone. */
void connection_limits_hand_over(const struct connection_limits *c,
				struct connection_limits_handle *out);
struct connection_limits *
connection_limits_adopt(const struct connection_limits_handle *h);

/* Takes this very region; false where it is taken, or none. */
bool connection_limits_retake_region(struct connection_limits *c, int region);

/* For the master: a region for a worker about to be forked, -1 where all are
 * taken; and back, without connections, when the worker was reaped. Rates are
 * kept, but for those of a time to come; and those of mail, which is counted
 * before it is there, only where it has ended well. */
int connection_limits_take_region(struct connection_limits *c);
void connection_limits_clear_region(struct connection_limits *c,
				    unsigned region, bool has_ended_well,
				    int64_t now_ms);

/* In a worker that was forked: maps the limits, of which it may write this
 * region alone; no other child has them. -1 with errno. */
int connection_limits_remap(const struct connection_limits *c,
			    unsigned region);

/* Of this worker: how many connections were admitted; how many addresses have
 * one, local ones aside, and how many there is room for. */
size_t connection_count(const struct connection_counter *s);
size_t connection_addresses(const struct connection_counter *s);
size_t connection_addresses_limit(const struct connection_counter *s);

/* For a worker: counts a new connection unless a limit is met. Not counted
 * where the verdict is not OK: then there is nothing to leave. The limits
 * are never exceeded; racing workers may refuse one too many. A local peer
 * (unix socket) counts only in all. O(regions). */
enum connection_verdict connection_admit(const struct connection_counter *s,
					 const struct address *client,
					 int64_t now_ms);

/* The connection that was admitted with this address has ended. */
void connection_release(const struct connection_counter *s,
			const struct address *client);

/* Whether an address ("local@domain") may be sent one more mail: it is counted
 * then, for itself and for its domain. The limits are never exceeded; racing
 * workers may refuse one too many. O(regions). */
bool recipient_admit(const struct connection_counter *s, struct view address,
		     int64_t now_ms);

/* The mail that was admitted then, by the same worker, did not come. */
void recipient_release(const struct connection_counter *s, struct view address,
		       int64_t then_ms);

/* Connections in all, now. */
size_t connection_limits_total(const struct connection_limits *c);

#endif
