/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The master's end of run_dir/control: who asked for what and waits for the
 * outcome. control/verb.c tells what passes over it. */
#ifndef SUPERVISOR_CONTROL_SOCKET_H
#define SUPERVISOR_CONTROL_SOCKET_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum control_verb {
	CONTROL_NOTHING,
	CONTROL_RELOAD,
	CONTROL_STOP,
	CONTROL_KILL,
	CONTROL_REOPEN,
	CONTROL_UPGRADE,
	CONTROL_PAUSE,
	CONTROL_RESUME,
	CONTROL_REPLAY,
	CONTROL_VERBS
};

enum { CONTROL_ASKERS = 16, CONTROL_REQUEST_SIZE = 32 };

struct asker {
	int fd;                         /* -1: a free place */
	enum control_verb verb;
	bool is_taken_up;               /* what is under way is for it too */
	int64_t since_ms;
	size_t len;
	char request[CONTROL_REQUEST_SIZE];
};

struct control_socket {
	int listener;                   /* control_listen's; -1 */
	bool is_roots;                  /* root started us: only root asks */
	char argument[CONTROL_REQUEST_SIZE];    /* of the latest verb; "" */
	struct asker askers[CONTROL_ASKERS];
};

/* Makes the listening socket run_dir/control (0600), close-on-exec and
 * non-blocking. -1 with errno. */
int control_listen(const char *run_dir);

/* Nobody asks yet. The listener, which may be -1, is not closed here. */
void control_socket_init(struct control_socket *v, int listener,
			 bool is_roots);

/* What to poll: fills in at most CONTROL_ASKERS + 1 and returns how many. */
size_t control_socket_watch(const struct control_socket *v,
			    struct pollfd *polls);

/* Accepts all that wait. is_child says whether a peer is one of our own
 * children, living or dead since the last call, which may ask for nothing.
 * False where there may be more. */
bool control_socket_accept(struct control_socket *v,
			   bool (*is_child)(void *, pid_t), void *context);

/* Reads what there is, and notes each verb that became complete in
 * is_asked[]. */
void control_socket_hear(struct control_socket *v,
			 bool is_asked[CONTROL_VERBS]);

/* What begins now is for everyone who has asked for it so far. */
void control_socket_take_up(struct control_socket *v, enum control_verb verb);

/* A line of progress ('+') to those who were taken up. */
void control_socket_tell(struct control_socket *v, enum control_verb verb,
			 const char *text);

/* The outcome, 'K' or 'F', and the end of the conversation. */
void control_socket_answer(struct control_socket *v, enum control_verb verb,
			   bool is_done, const char *text);

#endif
