/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The process that writes everybody's lines. */
#ifndef LOGGER_LOGGER_H
#define LOGGER_LOGGER_H

#include "base/child_context.h"
#include "base/log.h"

/* What the logger shares with the one after it: lines that were taken from
 * the socket and may not have been written. In shared memory, for which the
 * master has the descriptor; one that dies leaves them here, none is lost. */
struct log_backlog;

struct logger_duty {
	const struct log_settings *settings;
	int lines;                      /* log_pair's reading end */
	int file;                       /* target, opened by the master; -1
					 * for stderr and syslog */
};

/* Shared memory for so many backlogs: its descriptor, close-on-exec, or -1
 * with errno. */
int log_backlogs_open(size_t count);

/* Whether a descriptor that was handed over is of the same shape. */
bool log_backlogs_fit(size_t count, int fd);

/* Maps the i-th, in the process that writes it. NULL with errno. */
struct log_backlog *log_backlog_map(int fd, size_t i);

/* Opens the target if it is a file, for appending: the descriptor, -1 with
 * errno, LOGGER_NO_FILE where it is none. Only a plain file of one name is
 * opened, and made where it is not there. */
enum { LOGGER_NO_FILE = -2 };
int logger_open_target(const struct log_settings *settings);

/* The same for a path that is known to be one; more_flags for open(2). */
int logger_open_file(const char *path, int more_flags);

/* Whether the target is a file. */
bool logger_has_file(const struct log_settings *settings);

/* Says why a file could not be opened, from errno. Static, or strerror's. */
const char *logger_fault(int error);

/* Writes lines until told to leave or until nobody is left who could send
 * one; returns the exit code. */
int logger_run(const struct logger_duty *duty,
	       const struct child_context *context);

#endif
