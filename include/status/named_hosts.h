/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The database hosts of the configuration in force, each name once. */
#ifndef STATUS_NAMED_HOSTS_H
#define STATUS_NAMED_HOSTS_H

#include "base/scoreboard.h"
#include "store/settings.h"

struct named_host {
	struct view name;
	uint64_t workers;               /* that write to it */
	uint64_t failures;              /* times that it was given up */
};

/* Fills in all hosts, and behind them "other": those beyond the first
 * SERIES_HOSTS. Returns how many there are with it. The names are those of s
 * and live as long. */
size_t named_hosts_read(const struct scoreboard *b,
			const struct store_settings *s,
			struct named_host out[SERIES_HOSTS + 1]);

#endif
