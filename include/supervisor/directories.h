/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run_dir and spool_dir. */
#ifndef SUPERVISOR_DIRECTORIES_H
#define SUPERVISOR_DIRECTORIES_H

#include "base/buf.h"
#include "supervisor/privileges.h"

/* Makes the directory if it is not there and, as root, gives it to the
 * account; one that is there stays as it is. -1 with the reason in why. */
int directory_make(const char *path, mode_t mode,
		   const struct account *account, struct buf *why);

/* Whether we, as who we are now, may write in it; else why not and what
 * helps. */
int directory_check(const char *path, const struct account *account,
		    struct buf *why);

#endif
