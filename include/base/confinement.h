/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernel says of a process: who it is, and what it gave up. */
#ifndef BASE_CONFINEMENT_H
#define BASE_CONFINEMENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct confinement {
	uid_t uid;                      /* effective */
	uint64_t capabilities;          /* permitted */
	bool has_no_new_privs;
	int seccomp;                    /* 0 none, 1 strict, 2 filters */
	int filters;                    /* how many; 0 also where unknown */
};

/* Of a process that we may look at; -1 with errno. */
int confinement_of(pid_t pid, struct confinement *out);

/* The same from a descriptor of its /proc/PID/status, which may be older than
 * the sandbox that forbids to open another. */
int confinement_read(int fd, struct confinement *out);

#endif
