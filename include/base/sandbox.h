/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sandbox of a child process: seccomp says which system calls, Landlock
 * which files. What libraries load late is loaded before. */
#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H

#include "base/scoreboard.h"

/* STRICT is as ON; whoever starts a process proves it before. */
enum sandbox_mode { SANDBOX_ON, SANDBOX_LOG, SANDBOX_KILL, SANDBOX_OFF,
		    SANDBOX_STRICT };

enum { SANDBOX_PATHS = 4 };

struct sandbox_rules {
	enum sandbox_mode mode;
	enum slot_role role;            /* worker, janitor, logger, status */
	/* Directories below which files may be made, written, renamed and
	 * removed; NULL ends the list. */
	const char *writable[SANDBOX_PATHS];
	/* Files or directories that may be read beside /usr /lib /etc. */
	const char *readable[SANDBOX_PATHS];
};

/* Closes the sandbox around the calling process. Called once, with one thread
 * (Landlock binds only the caller), after the TLS context is made and the
 * files are read. NULL or SANDBOX_OFF does nothing. -1 with errno where the
 * kernel has it but refuses; a kernel without one of the two is no error. */
int sandbox_enter(const struct sandbox_rules *rules);

#endif
