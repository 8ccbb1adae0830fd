/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A child that crashes, or that the watchdog aborts, logs its stack. */
#ifndef SUPERVISOR_LAST_WORDS_H
#define SUPERVISOR_LAST_WORDS_H

/* In the child, before the sandbox: what it loads is loaded now. */
void last_words_prepare(void);

#endif
