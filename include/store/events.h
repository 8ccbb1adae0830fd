/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arrival events: what was committed is told to sockets that a front end
 * binds, one datagram a row. They are hints: never waited for, never sent
 * again, and the table is the truth. */
#ifndef STORE_EVENTS_H
#define STORE_EVENTS_H

#include "base/scoreboard.h"
#include "store/columns.h"
#include "store/settings.h"

enum { EVENT_BYTES = 8192 };    /* most of one datagram */

struct events;

/* The one datagram socket that all are sent from; made before the sandbox,
 * which lets none be made. For settings->event_socket; -1 with errno. */
int events_socket(void);

/* NULL where nobody is told, which the other two take. */
struct events *events_new(const struct store_settings *settings,
			  struct scoreboard_slot *slot);
void events_free(struct events **e);

/* Tells of the rows of those mails that are VERDICT_STORED. */
void events_tell(struct events *e, struct mail *const *mails, size_t count);

/* The row as JSON, in EVENT_BYTES at most: from and subject are cut, on a
 * character. Returns its length. */
size_t event_make(const struct row *row, char where[EVENT_BYTES]);

#endif
