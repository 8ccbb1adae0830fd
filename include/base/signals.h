/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signals become something that poll() can see: handlers only note and wake;
 * the work is done in the loop. */
#ifndef BASE_SIGNALS_H
#define BASE_SIGNALS_H

#include <stdbool.h>
#include <sys/types.h>

/* Catches the signals (a list that ends with 0), ignores SIGPIPE, and
 * returns a descriptor that is readable when one came; -1 with errno. Once in
 * a process. */
int signals_catch(const int *list);

/* Quiets the descriptor; call it before asking which ones came. */
void signals_quiet(void);

/* Whether this signal came since it was last asked; and who sent the latest,
 * where out is not NULL: pid 0 is the kernel, for a terminal. 0, as of a
 * request that no signal asks for, never came. */
struct signal_sender {
	pid_t pid;
	uid_t uid;
};
bool signals_came(int signal, struct signal_sender *out);

/* In a forked child: all defaults again, none blocked, but TERM, INT, HUP,
 * QUIT, USR1, USR2, TTIN, TTOU and PIPE ignored, since a child obeys its
 * channel and not the terminal, and XFSZ, which write(2) tells by an error.
 * Closes the descriptor. */
void signals_for_child(void);

#endif
