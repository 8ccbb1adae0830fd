/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal while `-s top` draws on it: its other screen, keys without
 * Enter, and everything as it was when we leave, however that comes. */
#ifndef CONTROL_TERMINAL_H
#define CONTROL_TERMINAL_H

#include "base/buf.h"

/* Whether stdin and stdout are a terminal that can be drawn on. */
bool terminal_is_there(void);

/* Blocks the signals that would end or stop us, but within terminal_wait().
 * Takes the terminal over where draws; -1 with errno. Once a process. */
int terminal_enter(bool draws);

/* Gives it back as it was; harmless where it was not taken. */
void terminal_leave(void);

/* Columns and rows now; 80 and 24 where the terminal does not tell. */
void terminal_size(int *columns, int *rows);

/* Puts text on the screen, from its first line, and clears the rest. */
void terminal_show(const struct buf *text);

/* Waits at most ms: a key, 0 when the time is over or the size changed, -1
 * when a signal or the end of the input wants us to leave. A stop (^Z) gives
 * the terminal back until we are continued. */
int terminal_wait(int ms);

#endif
