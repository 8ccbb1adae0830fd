/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many connections there are, in all and from one address, over all
 * workers. In shared memory without locks: each worker writes its own region
 * and reads the others', so that a killed one leaves nothing behind once the
 * master has cleared its region. */
#ifndef NET_CENSUS_H
#define NET_CENSUS_H

#include "mail.h"

#include <stddef.h>

struct census;

struct census_limits {
	size_t connections;             /* in all */
	size_t connections_per_ip;      /* IPv6: per /64; 0: no limit */
	size_t rate_per_ip;             /* new ones a minute; 0: no limit */
};

/* Where one worker counts. */
struct census_seat {
	struct census *census;
	unsigned region;
	struct census_limits limits;    /* its own generation's */
};

enum census_verdict { CENSUS_OK, CENSUS_FULL, CENSUS_PER_IP, CENSUS_RATE };

/* For the master, before it forks. regions: how many workers can be alive at
 * once, with generations that drain; connections: the most in all. NULL with
 * errno where there is no memory. */
struct census *census_new(unsigned regions, size_t connections);
void census_free(struct census **c);

/* What another program needs to go on with the same one after an exec. */
struct census_handle {
	int fd;                         /* close-on-exec */
	int layout;                     /* of the memory, raised with it */
	unsigned regions;
	size_t connections;             /* as census_new() was told */
	uint64_t secret[2];
};

/* hand_over: -1 where it has no descriptor. adopt: the same census, with no
 * region taken; the descriptor is its own from then on. NULL with errno
 * (EPROTO: another layout), and the descriptor is left alone. */
int census_hand_over(const struct census *c, struct census_handle *out);
struct census *census_adopt(const struct census_handle *h);

/* Takes this very region; false where it is taken, or none. */
bool census_retake_region(struct census *c, int region);

/* For the master: a region for a worker about to be forked, -1 where all are
 * taken; and back, empty, when the worker was reaped. Rates are kept. */
int census_take_region(struct census *c);
void census_clear_region(struct census *c, unsigned region);

/* For a worker: counts a new connection unless a limit is met. Not counted
 * where the verdict is not OK: then there is nothing to leave. The limits
 * are never exceeded; racing workers may refuse one too many. A local peer
 * (unix socket) counts only in all. O(regions). */
enum census_verdict census_admit(const struct census_seat *s,
				 const struct address *client,
				 int64_t now_ms);

/* The connection that was admitted with this address has ended. */
void census_leave(const struct census_seat *s, const struct address *client);

/* Connections in all, now. */
size_t census_total(const struct census *c);

#endif
