/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which files a process may still reach, where the kernel has Landlock. */
#ifndef BASE_LANDLOCK_H
#define BASE_LANDLOCK_H

#include "base/sandbox.h"

/* Binds the calling thread and those that it starts: files below /usr, /lib
 * and /etc and the rules' readable ones may be read, those below the
 * writable ones written, nothing else; no TCP port may be bound. Needs
 * no_new_privs. 0 also where the kernel has no Landlock; -1 with errno. */
int landlock_enter(const struct sandbox_rules *rules);

/* The version of Landlock that this kernel has; 0: none. */
int landlock_abi(void);

#endif
