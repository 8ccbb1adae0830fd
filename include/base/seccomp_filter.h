/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which system calls a process may still make. */
#ifndef BASE_SECCOMP_FILTER_H
#define BASE_SECCOMP_FILTER_H

#include "base/sandbox.h"

/* Binds the calling thread and those that it starts. Needs no_new_privs. Notes
 * what was loaded: how many instructions, and a hash of them by which two
 * processes are seen to have the same (0 and 0: this kernel has none). -1 with
 * errno. */
int seccomp_filter_enter(const struct sandbox_rules *rules,
			 struct slot_sandbox *out);

#endif
