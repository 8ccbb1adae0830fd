/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The database asked whether it would take mail, before any comes. */
#ifndef STORE_TRIAL_H
#define STORE_TRIAL_H

#include "base/buf.h"
#include "store/settings.h"

/* Connects to each host in turn, reads the table, proves that rows may be
 * inserted, and has the operator's queries prepared; changes nothing.
 * Appends a line a host to good or bad; false where one is bad. What is
 * doubtful about the table goes to the log. Blocks, within the timeouts. */
bool store_trial(const struct store_settings *settings, struct buf *good,
		 struct buf *bad);

#endif
