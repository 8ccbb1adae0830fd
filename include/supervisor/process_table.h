/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who runs, who should, and when to try again: a pure table of states and
 * events. It forks nothing, kills nothing and reads no clock; it says what
 * to do. */
#ifndef SUPERVISOR_PROCESS_TABLE_H
#define SUPERVISOR_PROCESS_TABLE_H

#include "base/scoreboard_master.h"

enum process_state {
	PROCESS_FREE,	  /* nobody, and nobody is wanted */
	PROCESS_WAITING,  /* nobody yet: to be forked when it is due */
	PROCESS_STARTING, /* forked, not ready */
	PROCESS_READY,
	PROCESS_DRAINING, /* told to drain; not replaced after */
	PROCESS_STOPPING, /* told to stop; not replaced after */
	PROCESS_QUITTING, /* told to quit; killed when it does not */
	PROCESS_HUNG,	  /* being ended, but its place is filled again */
	PROCESS_STATES
};

enum process_event {
	PROCESS_IS_DUE, /* its time has come: see process_table_tick */
	PROCESS_FORKED,
	PROCESS_FORK_FAILED,
	PROCESS_IS_READY,
	PROCESS_EXITED,
	PROCESS_HANGS, /* the watchdog's finding */
	PROCESS_DRAIN, /* the master's wishes */
	PROCESS_STOP,
	PROCESS_QUIT,
	PROCESS_EVENTS
};

enum process_action {
	PROCESS_DO_NOTHING,
	PROCESS_DO_FORK,
	PROCESS_SAY_DRAIN,
	PROCESS_SAY_STOP,
	PROCESS_SAY_QUIT,
	PROCESS_ABORT, /* a signal that leaves a stack behind */
	PROCESS_KILL
};

struct process {
	enum process_state state;
	enum slot_role role;
	int number;             /* worker N; 0 for the helpers */
	unsigned generation;
	pid_t pid;              /* 0: none */
	int64_t due_ms;         /* when time does something; PROCESS_NEVER */
	int64_t back_off_ms;    /* the next wait after a failed start */
	int64_t forked_ms;
	int64_t ready_ms;
	unsigned restarts;
	int replaced_by;        /* an entry that starts in its stead; -1 */
};

#define PROCESS_NEVER INT64_MAX

struct process_times {
	int64_t start_ms;       /* until a child must be ready */
	int64_t drain_ms;
	int64_t stop_ms;
	int64_t quit_ms;        /* from a word or signal to the next, harder */
};

/* Entry i belongs to slot i of the scoreboard; 0 is the master's own. */
struct process_table {
	struct process_times times;
	int64_t refilled_ms;
	int64_t restart_credit; /* thousandths of a restart */
	struct process entries[SCOREBOARD_SLOTS];
};

/* Empties it; times are copied and may be changed later. */
void process_table_init(struct process_table *r,
			const struct process_times *times, int64_t now_ms);

/* A new place, to be filled now. -1 where all are taken. */
int process_table_add(struct process_table *r, enum slot_role role, int number,
		      unsigned generation);

/* What happened to entry i, and so what to do with it. */
enum process_action process_table_handle(struct process_table *r, int i,
					 enum process_event event,
					 int64_t now_ms);

/* As process_table_handle with IS_DUE where the entry's time has come; nothing
 * where it has not or where restarts are too many just now. */
enum process_action process_table_tick(struct process_table *r, int i,
				       int64_t now_ms);

/* When process_table_tick is next worth a call; PROCESS_NEVER if not. */
int64_t process_table_next_ms(const struct process_table *r, int64_t now_ms);

/* The entry of that process; -1 where there is none, and for pid 0. */
int process_table_find(const struct process_table *r, pid_t pid);

/* Whether somebody lives there. */
bool process_is_alive(const struct process *e);

/* Whether the place is filled again after a death: it is wanted. */
bool process_is_wanted(const struct process *e);

/* As the log calls it. */
const char *process_state_name(enum process_state state);

#endif
