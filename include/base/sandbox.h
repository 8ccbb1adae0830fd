/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sandbox of a child process: seccomp says which system calls with which
 * arguments, Landlock which files and TCP ports. What libraries load late is
 * loaded before: nothing can be executed afterwards that was not mapped. */
#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H

#include "base/scoreboard.h"

/* STRICT is as ON; whoever starts a process proves it before. */
enum sandbox_mode { SANDBOX_ON, SANDBOX_LOG, SANDBOX_KILL, SANDBOX_OFF,
		    SANDBOX_STRICT };

enum { SANDBOX_PATHS = 4, SANDBOX_PORTS = 16 };

/* What a role needs beside what all may: memory, time, its descriptors. */
enum sandbox_right {
	SANDBOX_THREADS = 1,
	SANDBOX_STORES = 2,             /* a database, and the spool's files */
	SANDBOX_LOGS = 4,               /* opens a file, speaks to syslog */
	SANDBOX_SERVES = 8,             /* accepts clients, epoll */
	SANDBOX_SIGNS = 16,             /* has keys: may answer on sockets that
					 * it has, and less than all others */
	SANDBOX_REPORTS = 32,           /* accepts who asks over HTTP */
	SANDBOX_RESOLVES = 64           /* asks DNS, by TCP */
};

struct sandbox_rules {
	enum sandbox_mode mode;
	const char *role;               /* its name */
	unsigned rights;                /* bits of enum sandbox_right */
	/* Directories below which files may be made, written, renamed and
	 * removed. */
	const char *writable[SANDBOX_PATHS];
	/* Files or directories that may be read beside /usr and /lib. */
	const char *readable[SANDBOX_PATHS];
	bool connects_locally;          /* to unix sockets */
	/* TCP ports of databases; 0 ends the list. Beyond so many any port
	 * is open. */
	unsigned ports[SANDBOX_PORTS];
	bool has_more_ports;
};

/* Closes the sandbox around the calling process and notes in its slot what
 * holds. Called once, with one thread (Landlock binds only the caller), after
 * files are read. NULL or SANDBOX_OFF does nothing. -1 with errno where the
 * kernel has it but refuses; a kernel without one of the two is no error. */
int sandbox_enter(const struct sandbox_rules *rules,
		  struct scoreboard_slot *slot);

#endif
