/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared memory in which every process has a slot: what it does and what it
 * has counted. A slot is whole pages, which its owner alone maps for writing;
 * all read all. The master trusts nothing in it. A slot NULL is taken by every
 * function: tests and tools need no scoreboard. */
#ifndef BASE_SCOREBOARD_H
#define BASE_SCOREBOARD_H

#include "base/figures.h"
#include "base/histogram.h"
#include "base/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct scoreboard;
struct scoreboard_slot;

/* The numbers go through an upgrade, so none changes. A helper that nobody
 * asks for by its number has it from supervisor/roles.c alone. */
enum slot_role { SLOT_UNUSED, SLOT_MASTER, SLOT_WORKER, SLOT_JANITOR,
		 SLOT_LOGGER, SLOT_STATUS, SLOT_SIGNER, SLOT_RESOLVER };
enum { SLOT_ROLES = 32, SLOT_ROLE_NAME_SIZE = 16 };
enum restart_cause { RESTART_EXIT, RESTART_SIGNAL, RESTART_HANG, RESTART_START,
		     RESTART_RECYCLE, RESTART_CAUSES };
enum slot_state { SLOT_STARTING, SLOT_READY, SLOT_DRAINING, SLOT_PAUSED,
		  SLOT_GONE };

/* A count has one writing thread, as base/figures.h says: no lock. */
void slot_count(struct scoreboard_slot *s, enum slot_counter which,
		uint64_t more);
void slot_gauge(struct scoreboard_slot *s, enum slot_gauge which,
		uint64_t now);
void slot_set_state(struct scoreboard_slot *s, enum slot_state state);

/* One more of that value of a series. */
void slot_count_in(struct scoreboard_slot *s, enum slot_series which,
		   size_t value);

/* One more of that value: microseconds, bytes or a number, as the unit says;
 * below 0 is 0. */
void slot_observe(struct scoreboard_slot *s, enum slot_histogram which,
		  int64_t value);

/* The thread is alive: its heartbeat is now. */
void slot_beat(struct scoreboard_slot *s, enum slot_thread thread);

/* A database call (that has a deadline of its own) began or ended. */
void slot_enter_database(struct scoreboard_slot *s);
void slot_leave_database(struct scoreboard_slot *s);

/* What holds a process, as it found when its sandbox was closed. All zero
 * where there is none. */
struct slot_sandbox {
	uint32_t uid;
	bool no_new_privs;
	int landlock;                   /* version of the ABI; 0: none */
	uint64_t capabilities;          /* permitted in any way */
	uint32_t instructions;          /* of the seccomp filter; 0: none */
	uint32_t hash;                  /* of them: the same, the same filter */
};
void slot_note_sandbox(struct scoreboard_slot *s,
		       const struct slot_sandbox *sandbox);

/* What delivery parses now; 0: nothing. Survives the process. */
void slot_set_fingerprint(struct scoreboard_slot *s, uint64_t fingerprint);

/* Whether a message with this fingerprint killed a worker before. */
bool scoreboard_is_poison(const struct scoreboard *b, uint64_t fingerprint);

/* The latest error that the log met in this process, and when, for status. */
void slot_set_error(struct scoreboard_slot *s, struct view text);

/* The database host that this process writes to; "": none. By the thread
 * that calls it. */
void slot_set_host(struct scoreboard_slot *s, struct view name);

/* The gauge summed over all processes that live; nonsense counts as
 * FIGURE_MAX at most. */
uint64_t scoreboard_sum(const struct scoreboard *b, enum slot_gauge which);

/* ---- For readers: status in a terminal and over HTTP ------------------- */

enum { SLOT_ERROR_SIZE = 200, SLOT_HOST_SIZE = 64,
       SLOT_CERTIFICATE_SIZE = 64, SCOREBOARD_VERSION_SIZE = 32,
       SCOREBOARD_CERTIFICATES = 16 };

/* A copy of one slot. Times are microseconds; 0 where there was none. No
 * counter or gauge is more than FIGURE_MAX. */
struct slot_figures {
	enum slot_role role;
	char role_name[SLOT_ROLE_NAME_SIZE];
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
	int64_t error_wall_us;
	char error[SLOT_ERROR_SIZE];            /* printable ASCII */
	char host[SLOT_HOST_SIZE];              /* the same */
	struct slot_sandbox sandbox;
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

/* For reading: the memory itself, where this user may (root), else the copy
 * in run_dir/scoreboard, at most a second old. NULL with errno (EPROTO where
 * it is of another version of the program). */
struct scoreboard *scoreboard_open(const char *run_dir);
void scoreboard_close(struct scoreboard **b);

/* How many slots were ever taken: those behind them need not be read. */
size_t scoreboard_slots(const struct scoreboard *b);

/* Copies slot i; false where no process lives there. Never blocks anyone;
 * every enum is in range and every text ends, whatever the memory holds. */
bool scoreboard_read(const struct scoreboard *b, size_t i,
		     struct slot_figures *out);
void scoreboard_read_figures(const struct scoreboard *b,
			     struct scoreboard_figures *out);

/* Summed over all processes ever. */
void scoreboard_read_histogram(const struct scoreboard *b,
			       enum slot_histogram which,
			       struct histogram *out);

/* Those that have had a role, and have it now. */
struct role_figures {
	char name[SLOT_ROLE_NAME_SIZE];
	uint64_t restarts[RESTART_CAUSES];
	uint64_t cpu_us;                /* of user and system, ever */
	uint64_t resident_bytes;        /* now; 0: not known */
};

/* False where nobody ever had it. */
bool scoreboard_read_role(const struct scoreboard *b, enum slot_role role,
			  struct role_figures *out);

/* The i-th certificate's name ("": the default one) and its end, seconds since
 * 1970. False where there is none. */
bool scoreboard_read_certificate(const struct scoreboard *b, size_t i,
				 char name[SLOT_CERTIFICATE_SIZE],
				 int64_t *end_out);

/* Each value's count, summed over all processes ever. */
void scoreboard_read_series(const struct scoreboard *b, enum slot_series which,
			    uint64_t out[SERIES_VALUES]);

/* Its name, as status shows it. */
const char *slot_state_name(enum slot_state state);

#endif
