/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a process arranges for itself, and what the kernel says of one. */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Closes and leaves errno as it was: for the way out of a failure. */
void close_keeping_errno(int fd);

/* Takes those of 0, 1 and 2 that are free, so that no socket or log file gets
 * their numbers. Once, at the start. */
void fill_standard_descriptors(void);

/* Makes room for titles, which ps shows, where the arguments lie; the
 * environment moves away from there. Once, before any thread. argv stays
 * readable as a copy that is returned. */
char **title_prepare(int argc, char **argv);

/* "guerrilla-smtpd: " and the text; nothing before title_prepare. */
void title_set(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Before the first look-up and before the sandbox: DNS is asked by TCP, since
 * no process may have UDP sockets, and the libraries that nsswitch.conf names
 * are loaded, since none can be loaded later. */
void resolver_prepare(void);

struct confinement {
	uid_t uid;                      /* effective */
	uint64_t capabilities;          /* permitted */
	bool has_no_new_privs;
	int seccomp;                    /* 0 none, 1 strict, 2 filters */
	int filters;                    /* how many; 0 also where unknown */
};

/* Of a process that we may look at; or from a descriptor of its
 * /proc/PID/status, which may be older than the sandbox that forbids to open
 * another. -1 with errno. */
int confinement_of(pid_t pid, struct confinement *out);
int confinement_read(int fd, struct confinement *out);

/* What a process has used and holds, from /proc/PID/stat. -1 with errno. */
struct process_usage {
	int64_t cpu_us;                 /* of user and system, to 10 ms */
	uint64_t resident_bytes;
};
int process_usage(pid_t pid, struct process_usage *out);

#endif
