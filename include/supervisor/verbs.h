/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The master's end of run_dir/control: who asked for what and waits for the
 * outcome. */
#ifndef SUPERVISOR_VERBS_H
#define SUPERVISOR_VERBS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum verb { VERB_NONE, VERB_RELOAD, VERB_STOP, VERB_KILL, VERB_REOPEN,
	    VERB_UPGRADE, VERBS };

enum { VERBS_ASKERS = 16, VERBS_REQUEST_SIZE = 32 };

struct asker {
	int fd;                         /* -1: a free place */
	enum verb verb;
	bool is_taken_up;               /* what is under way is for it too */
	int64_t since_ms;
	size_t len;
	char request[VERBS_REQUEST_SIZE];
};

struct verbs {
	int listener;                   /* control_listen's; -1 */
	struct asker askers[VERBS_ASKERS];
};

void verbs_init(struct verbs *v, int listener);

/* What to poll: fills in at most VERBS_ASKERS + 1 and returns how many. */
size_t verbs_watch(const struct verbs *v, struct pollfd *polls);

/* Accepts and reads what there is, and notes each verb that became complete
 * in is_asked[]. is_child says whether a peer is one of our own children,
 * which may ask for nothing. */
void verbs_hear(struct verbs *v, bool (*is_child)(void *, pid_t),
		void *context, bool is_asked[VERBS]);

/* What begins now is for everyone who has asked for it so far. */
void verbs_take_up(struct verbs *v, enum verb verb);

/* A line of progress ('+') to those who were taken up. */
void verbs_tell(struct verbs *v, enum verb verb, const char *text);

/* The outcome, 'K' or 'F', and the end of the conversation. */
void verbs_answer(struct verbs *v, enum verb verb, bool is_done,
		  const char *text);

#endif
