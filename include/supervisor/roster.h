/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who runs, who should, and when to try again: a pure table of states and
 * events. It forks nothing, kills nothing and reads no clock; it says what
 * to do. */
#ifndef SUPERVISOR_ROSTER_H
#define SUPERVISOR_ROSTER_H

#include "base/scoreboard_master.h"

enum roster_state {
	ROSTER_FREE,            /* nobody, and nobody is wanted */
	ROSTER_WAITING,         /* nobody yet: to be forked when it is due */
	ROSTER_STARTING,        /* forked, not ready */
	ROSTER_READY,
	ROSTER_DRAINING,        /* told to drain; not replaced after */
	ROSTER_STOPPING,        /* told to stop; not replaced after */
	ROSTER_QUITTING,        /* told to quit; killed when it does not */
	ROSTER_HUNG,            /* being ended, but its place is filled again */
	ROSTER_STATES
};

enum roster_event {
	ROSTER_IS_DUE,          /* its time has come: see roster_tick */
	ROSTER_FORKED,
	ROSTER_FORK_FAILED,
	ROSTER_IS_READY,
	ROSTER_EXITED,
	ROSTER_HANGS,           /* the watchdog's finding */
	ROSTER_DRAIN,           /* the master's wishes */
	ROSTER_STOP,
	ROSTER_QUIT,
	ROSTER_EVENTS
};

enum roster_act {
	ROSTER_DO_NOTHING,
	ROSTER_DO_FORK,
	ROSTER_SAY_DRAIN,
	ROSTER_SAY_STOP,
	ROSTER_SAY_QUIT,
	ROSTER_ABORT,           /* a signal that leaves a stack behind */
	ROSTER_KILL
};

struct roster_entry {
	enum roster_state state;
	enum slot_role role;
	int number;             /* worker N; 0 for the helpers */
	unsigned generation;
	pid_t pid;              /* 0: none */
	int64_t due_ms;         /* when time does something; ROSTER_NEVER */
	int64_t back_off_ms;    /* the next wait after a failed start */
	int64_t forked_ms;
	int64_t ready_ms;
	unsigned restarts;
	int replaced_by;        /* an entry that starts in its stead; -1 */
};

#define ROSTER_NEVER INT64_MAX

struct roster_times {
	int64_t start_ms;       /* until a child must be ready */
	int64_t drain_ms;
	int64_t stop_ms;
	int64_t quit_ms;        /* from a word or signal to the next, harder */
};

/* Entry i belongs to slot i of the scoreboard; 0 is the master's own. */
struct roster {
	struct roster_times times;
	int64_t refilled_ms;
	int64_t restart_credit; /* thousandths of a restart */
	struct roster_entry entries[SCOREBOARD_SLOTS];
};

void roster_init(struct roster *r, const struct roster_times *times,
		 int64_t now_ms);

/* A new place, to be filled now. -1 where all are taken. */
int roster_add(struct roster *r, enum slot_role role, int number,
	       unsigned generation);

/* What happened to entry i, and so what to do with it. */
enum roster_act roster_take(struct roster *r, int i, enum roster_event event,
			    int64_t now_ms);

/* As roster_take with IS_DUE where the entry's time has come; nothing
 * where it has not or where restarts are too many just now. */
enum roster_act roster_tick(struct roster *r, int i, int64_t now_ms);

/* When roster_tick is next worth a call; ROSTER_NEVER if not. */
int64_t roster_next_ms(const struct roster *r, int64_t now_ms);

int roster_find(const struct roster *r, pid_t pid);

/* Whether somebody lives there. */
bool roster_is_alive(const struct roster_entry *e);

/* Whether the place is filled again after a death: it is wanted. */
bool roster_is_wanted(const struct roster_entry *e);

const char *roster_state_name(enum roster_state state);

#endif
