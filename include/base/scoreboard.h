/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared memory in which every process has a slot: what it does and what it
 * has counted. A slot is written by its owner only and read by anyone; the
 * master trusts nothing in it. A slot NULL is taken by every function: tests
 * and tools need no scoreboard. */
#ifndef BASE_SCOREBOARD_H
#define BASE_SCOREBOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct scoreboard;
struct scoreboard_slot;

enum slot_role { SLOT_UNUSED, SLOT_MASTER, SLOT_WORKER, SLOT_JANITOR,
		 SLOT_LOGGER, SLOT_STATUS };
enum slot_state { SLOT_STARTING, SLOT_READY, SLOT_DRAINING, SLOT_GONE };

/* Each thread that exists has one heartbeat and beats it while it is idle
 * too. SLOT_DELIVERY is the one that calls the database: a worker's second
 * thread, the janitor's only one. */
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
	COUNT_MAILS_SET_ASIDE,          /* refused by the database for ever */
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
	GAUGE_SPOOL_SET_ASIDE,          /* files that an operator must see */
	GAUGE_CERTIFICATE_END,          /* seconds since 1970; 0: none */
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

/* The latest error that the log met in this process, for status. */
void slot_set_error(struct scoreboard_slot *s, const char *text);

/* The gauge summed over all processes that live; a slot that holds nonsense
 * counts as it is: clamp the result. */
uint64_t scoreboard_sum(const struct scoreboard *b, enum slot_gauge which);

/* ---- For readers: status in a terminal and over HTTP ------------------- */

enum { SLOT_ERROR_SIZE = 120, SCOREBOARD_VERSION_SIZE = 32 };

/* A copy of one slot. Times are microseconds; 0 where there was none. */
struct slot_figures {
	enum slot_role role;
	enum slot_state state;
	pid_t pid;
	int number;
	unsigned generation;
	unsigned restarts;
	int64_t began_wall_us;
	int64_t beat_us[SLOT_THREADS];          /* monotonic */
	int64_t database_since_us;              /* monotonic */
	uint64_t fingerprint;
	uint64_t counters[SLOT_COUNTERS];       /* of this process */
	uint64_t gauges[SLOT_GAUGES];
	char error[SLOT_ERROR_SIZE];            /* printable ASCII */
};

/* What concerns the service as a whole. */
struct scoreboard_figures {
	pid_t master;
	char version[SCOREBOARD_VERSION_SIZE];
	int64_t began_wall_us;
	unsigned generation;
	uint64_t reloads, reloads_failed, upgrades, restarts, poisoned;
	uint64_t counters[SLOT_COUNTERS];       /* of all processes ever */
};

/* Maps run_dir/scoreboard for reading; NULL with errno (EPROTO where it is
 * of another version of the program). */
struct scoreboard *scoreboard_open(const char *run_dir);
void scoreboard_close(struct scoreboard **b);

size_t scoreboard_slots(const struct scoreboard *b);

/* Copies slot i; false where no process lives there. Never blocks anyone;
 * every enum is in range and every text ends, whatever the memory holds. */
bool scoreboard_read(const struct scoreboard *b, size_t i,
		     struct slot_figures *out);
void scoreboard_read_figures(const struct scoreboard *b,
			     struct scoreboard_figures *out);

/* Names for tables, JSON and metrics: "mails_accepted", "sessions", ... */
const char *slot_counter_name(enum slot_counter which);
const char *slot_gauge_name(enum slot_gauge which);
const char *slot_role_name(enum slot_role role);
const char *slot_state_name(enum slot_state state);

#endif
