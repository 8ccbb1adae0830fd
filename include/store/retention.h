/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes expired mail out of the table. */
#ifndef STORE_RETENTION_H
#define STORE_RETENTION_H

#include "store/store.h"

struct retention;

/* Uses the store's connection, which nobody else uses meanwhile. */
struct retention *retention_new(struct store *store);
void retention_free(struct retention **r);

/* A small step: partitions made and dropped, or one batch of rows deleted.
 * Returns the ms after which the next one is due. */
int64_t retention_step(struct retention *r);

#endif
