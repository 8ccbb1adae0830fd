/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared memory in which every process has a slot: what it does and what it
 * has counted. A slot is written by its owner only and read by anyone; the
 * master trusts nothing in it. A slot NULL is taken by every function: tests
 * and tools need no scoreboard. */
#ifndef BASE_SCOREBOARD_H
#define BASE_SCOREBOARD_H

#include <stdbool.h>
#include <stdint.h>

struct scoreboard;
struct scoreboard_slot;

enum slot_role { SLOT_UNUSED, SLOT_MASTER, SLOT_WORKER, SLOT_JANITOR,
		 SLOT_LOGGER, SLOT_STATUS };
enum slot_state { SLOT_STARTING, SLOT_READY, SLOT_DRAINING, SLOT_GONE };
enum slot_thread { SLOT_LOOP, SLOT_DELIVERY, SLOT_THREADS };

/* Ever-growing counts. */
enum slot_counter {
	COUNT_CONNECTIONS,
	COUNT_CONNECTIONS_REFUSED,      /* limits and blocked_clients */
	COUNT_MAILS_ACCEPTED,           /* 250: stored or spooled */
	COUNT_MAILS_DISCARDED,
	COUNT_MAILS_REFUSED,            /* 5xx after the data */
	COUNT_MAILS_DEFERRED,           /* 4xx after the data */
	COUNT_MAILS_SPOOLED,
	COUNT_MAILS_REPLAYED,
	COUNT_RECIPIENTS_REFUSED,
	COUNT_BYTES,                    /* of accepted messages */
	COUNT_BATCHES,
	COUNT_ROWS,
	COUNT_ROWS_EXPIRED,
	COUNT_RECONNECTS,               /* to the database */
	COUNT_STORE_ERRORS,
	COUNT_LIMITS_MET,               /* by the MIME layer */
	COUNT_POISON,                   /* stored without parsing */
	COUNT_TLS_HANDSHAKES,
	COUNT_TLS_FAILURES,
	COUNT_LOG_DROPPED,
	SLOT_COUNTERS
};

/* Figures that go up and down. */
enum slot_gauge {
	GAUGE_SESSIONS,
	GAUGE_MEMORY,                   /* bytes charged to the budget */
	GAUGE_HELD,                     /* messages that wait for a verdict */
	GAUGE_MAX_MESSAGE_BYTES,        /* SIZE now */
	GAUGE_STORE_UP,
	GAUGE_SPOOL_FILES,
	GAUGE_SPOOL_BYTES,
	SLOT_GAUGES
};

void slot_count(struct scoreboard_slot *s, enum slot_counter which,
		uint64_t more);
void slot_gauge(struct scoreboard_slot *s, enum slot_gauge which,
		uint64_t now);
void slot_set_state(struct scoreboard_slot *s, enum slot_state state);

/* The thread is alive: its heartbeat is now. */
void slot_beat(struct scoreboard_slot *s, enum slot_thread thread);

/* A database call (that has a deadline of its own) began or ended. */
void slot_enter_database(struct scoreboard_slot *s);
void slot_leave_database(struct scoreboard_slot *s);

/* What delivery parses now; 0: nothing. Survives the process. */
void slot_set_fingerprint(struct scoreboard_slot *s, uint64_t fingerprint);

/* Whether a message with this fingerprint killed a worker before. */
bool scoreboard_is_poison(const struct scoreboard *b, uint64_t fingerprint);

#endif
