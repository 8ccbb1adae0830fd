/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a child process is given by the master, whatever its role. */
#ifndef BASE_SEAT_H
#define BASE_SEAT_H

#include "base/sandbox.h"
#include "base/scoreboard.h"

/* Bytes on the channel between master and child, one each. End of file on
 * the child's side means the master is gone: drain and leave. */
enum seat_word {
	SEAT_READY = 'R',       /* child to master: it does its work now */
	SEAT_LEAVING = 'L',     /* child to master: recycle me; replace me
				 * first, then tell me to drain */
	SEAT_DRAIN = 'D',       /* close listeners, finish within
				 * timeouts.drain, exit 0 */
	SEAT_STOP = 'S',        /* the same within timeouts.shutdown, idle
				 * sessions at once */
	SEAT_QUIT = 'Q',        /* leave now */
	SEAT_REOPEN = 'O'       /* logger: open the files again */
};

struct census;                          /* net/census.h */
struct tls_context;                     /* net/tls.h */

struct seat {
	int number;                     /* worker N, from 1 */
	unsigned generation;
	int channel;                    /* socket to the master */
	struct scoreboard *board;
	struct scoreboard_slot *slot;
	struct census *census;          /* workers: where they count */
	unsigned census_region;
	struct tls_context *tls;        /* workers: made by the master, one a
					 * generation, for shared ticket keys;
					 * NULL without a certificate */
	/* For sandbox_enter(), called by the child itself before its second
	 * thread starts; NULL: none. */
	const struct sandbox_rules *cage;
};

#endif
