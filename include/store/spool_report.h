/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What waits in a spool and what was set aside, for people. */
#ifndef STORE_SPOOL_REPORT_H
#define STORE_SPOOL_REPORT_H

#include "base/buf.h"

#include <stdint.h>

/* Appends a line a message: id, age, sender, recipients and why, of dir and
 * the earlier ones that it names, as printable ASCII. -1 with errno where
 * dir cannot be read. */
int spool_report(const char *dir, int64_t now_s, struct buf *out);

#endif
