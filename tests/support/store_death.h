/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store's driver dies where a test wants it. */
#ifndef SUPPORT_STORE_DEATH_H
#define SUPPORT_STORE_DEATH_H

#include "store/settings.h"

/* Before or after the n-th step on disk or in the database, from 1, by
 * SIGKILL; 0: never. */
void store_death_in(long steps);

/* A janitor for so many seconds, or until the next command comes in, or until
 * it dies at a step; returns its status. */
int store_run_janitor(struct store_settings *settings, double seconds,
		      long death);

#endif
