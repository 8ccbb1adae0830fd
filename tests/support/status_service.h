/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A service on a scoreboard, for what tells of one. */
#ifndef SUPPORT_STATUS_SERVICE_H
#define SUPPORT_STATUS_SERVICE_H

#include "base/buf.h"
#include "base/scoreboard_master.h"
#include "status/status.h"

enum { SERVICE_WATCHDOG_MS = 30000 };

/* mx.example.org, with three database hosts, two of one name. */
extern const struct status_duty service_duty;

/* A master and so many workers that are ready and write to a host. */
struct scoreboard *service_new(size_t workers);

/* How often it stands in the text. */
size_t times(const struct buf *text, const char *what);

#endif
