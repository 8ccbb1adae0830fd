/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the account that root will become is a good choice. */
#ifndef SUPERVISOR_ACCOUNT_CHECK_H
#define SUPERVISOR_ACCOUNT_CHECK_H

#include "config/config.h"
#include "supervisor/privileges.h"

/* What the operator should change, a line each: an account that others share,
 * a configuration that the account itself could write. Nothing where we are
 * not root. */
void account_check(const struct config *config, const struct account *account,
		   struct buf *advice);

/* allow_root counts only where every file it may stand in is root's alone to
 * write; else the first that is not is named in why. */
bool account_may_be_root(const struct config *config, char *why, size_t size);

#endif
