/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is opened while we are root and under a name that the configuration
 * gives: the log, the pid file, unix sockets. Root itself opens only in a
 * folder that nobody else can change; everywhere else a child does it that
 * is the account already, so that a link, a fifo or a folder put there by
 * the account leads to nothing that is not its own anyway. */
#ifndef SUPERVISOR_ROOT_OPEN_H
#define SUPERVISOR_ROOT_OPEN_H

#include "base/log.h"
#include "net/settings.h"
#include "supervisor/privileges.h"

/* Whether root alone can change the folder that the path stands in and every
 * one above it, links on the way included. False with errno. */
bool root_owns_folder_of(const char *path);

/* Room for a sentence that says why not. */
enum { ROOT_OPEN_WHY = 512 };

/* Each returns the descriptor, or -1 with a sentence in why, which has room
 * for ROOT_OPEN_WHY at least. The account NULL, or root, or a caller who is
 * not root: opened as who we are. */
int root_open_log(const struct log_settings *log,
		  const struct account *account, char *why, size_t size);
int root_open_listener(const struct listen_settings *listener,
		       const struct account *account, char *why, size_t size);
int root_open_pid_file(const char *path, const struct account *account,
		       char *why, size_t size);

/* Runs open_it in a child that has become the account; what it returns is
 * returned here, its sentence is in why. The caller has one thread. */
int as_account(const struct account *account,
	       int (*open_it)(const void *what, char *why, size_t size),
	       const void *what, char why[ROOT_OPEN_WHY]);

#endif
