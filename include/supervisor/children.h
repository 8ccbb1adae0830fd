/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The process table carried out: forks, words on channels, signals, reaping. */
#ifndef SUPERVISOR_CHILDREN_H
#define SUPERVISOR_CHILDREN_H

#include "supervisor/master.h"

#include <poll.h>

/* Tells the process table what happened to entry i and does what it says. */
void children_take(struct master *m, int i, enum process_event event);

/* The same for all of a generation, or of all but the one in force. */
void children_quit_generation(struct master *m, unsigned generation);
void children_drain_past(struct master *m);

/* A word on the channels of a role, whatever their states. */
void children_say_all(struct master *m, enum slot_role role,
		      enum child_message word);

/* Does what is due. */
void children_tick(struct master *m);

/* Reaps whoever died, ours or an orphan. */
void children_reap(struct master *m);

/* Channels to poll: fills polls and whose they are; returns how many. */
size_t children_watch(const struct master *m, struct pollfd *polls,
		      int *whose);
void children_hear(struct master *m, int i);

/* Adds the workers of a generation to the process table, and the helpers that
 * it cannot serve without; -1, and none added, where it has no room for
 * them. */
int children_staff(struct master *m, const struct generation *g);

/* One place more, to be filled at once: its index, or -1. */
int children_add(struct master *m, enum slot_role role, int number,
		 unsigned generation);

/* How far the children of a generation are: all ready; one that died before
 * it was, or hangs; or neither yet. */
enum children_readiness { CHILDREN_UP, CHILDREN_LOST, CHILDREN_COMING };
enum children_readiness children_judge(const struct master *m,
				       unsigned generation);

/* For control_socket_accept; of a master. */
bool children_is_child(void *master, pid_t pid);

#endif
