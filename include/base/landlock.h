/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which files and ports a process may still reach, where the kernel has
 * Landlock. */
#ifndef BASE_LANDLOCK_H
#define BASE_LANDLOCK_H

#include "base/sandbox.h"

/* TCP ports are walled since this version. */
enum { LANDLOCK_ABI_NET = 4 };

/* The version that the kernel has; 0: none, or it was started without. */
int landlock_abi(void);

/* Binds the calling thread and those that it starts, as far as this version
 * goes: files below /usr and /lib and the rules' readable ones may be read,
 * those below the writable ones written, nothing else; no TCP port may be
 * bound, and only the rules' connected to. Needs no_new_privs. -1 with
 * errno. */
int landlock_enter(const struct sandbox_rules *rules, int abi);

#endif
