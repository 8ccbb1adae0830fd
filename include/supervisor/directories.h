/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run_dir and spool_dir. */
#ifndef SUPERVISOR_DIRECTORIES_H
#define SUPERVISOR_DIRECTORIES_H

#include "config/config.h"
#include "supervisor/privileges.h"

/* Makes the directory if it is not there and, as root, gives it to the
 * account; one that is there stays as it is. -1 with the reason in why. */
int directory_make(const char *path, mode_t mode,
		   const struct account *account, struct buf *why);

/* run_dir, for root to make files of its own in: a descriptor of the folder
 * itself, whatever its name means later. One that another account left, with
 * nothing in it but what we make and no master behind it, becomes this
 * account's. -1 where root must not work there: then the account does. */
int directory_open_run_dir(const struct config *config,
			   const struct account *account);

/* Whether we, as who we are now, may write in it; else why not and what
 * helps. */
int directory_check(const char *path, const struct account *account,
		    struct buf *why);

#endif
