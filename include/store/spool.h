/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mail kept on disk while no database can be written. Workers only write,
 * the janitor only replays. */
#ifndef STORE_SPOOL_H
#define STORE_SPOOL_H

#include "mail.h"
#include "store/settings.h"

struct spool;

/* NULL with errno where spool_dir cannot be used. */
struct spool *spool_open(const struct store_settings *settings);
void spool_close(struct spool **s);

/* Writes the mails as one file, fsynced, and sets each one's verdict:
 * SPOOLED, FULL (spool_max, no space), or TRY_LATER (any other fault). */
void spool_write(struct spool *s, struct mail *const *mails, size_t count);

#endif
