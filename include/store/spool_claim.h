/* SPDX-License-Identifier: GPL-3.0-or-later */
/* To whom a spool_dir belongs: one instance, that is one master, at a time.
 * Its mail would else go into another's table. */
#ifndef STORE_SPOOL_CLAIM_H
#define STORE_SPOOL_CLAIM_H

#include "store/settings.h"

#include <stdbool.h>
#include <sys/types.h>

/* For the calling master, and again after each reload and upgrade: it keeps
 * its pid. -1 with EWOULDBLOCK where another one that lives has claimed
 * spool_dir, or with the errno of the file. */
int spool_claim(const struct store_settings *settings);

/* Whether another master than this one, which lives, has claimed it. */
bool spool_is_claimed(const struct store_settings *settings, pid_t but_for);

#endif
