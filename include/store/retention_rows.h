/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mail expired row by row. */
#ifndef STORE_RETENTION_ROWS_H
#define STORE_RETENTION_ROWS_H

#include "store/retention_state.h"

enum { RETENTION_NEXT_ROUND = -1 };

/* Deletes some rows that are over their time; has_more says whether others
 * may be left. Returns the ms after which the next step is due. */
int64_t retention_delete_rows(struct retention *r, int64_t now_s);

#endif
