/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The classic daemon of -d. */
#ifndef SUPERVISOR_BACKGROUND_H
#define SUPERVISOR_BACKGROUND_H

/* Forks. The parent waits and ends the program: with 0 when the child says
 * that it is ready, else with the child's exit code. Returns in the child,
 * which leads a session of its own, the descriptor for background_ready; -1
 * with errno where there is no child. */
int background_begin(void);

/* Lets the terminal go, or whoever reads our output would wait for ever. */
void background_release(void);

/* Tells the parent and lets the terminal go. */
void background_ready(int *fd);

#endif
