/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of hosts, and that of this machine, for greetings. */
#ifndef CONFIG_HOSTNAME_H
#define CONFIG_HOSTNAME_H

#include "base/arena.h"

/* The name as an A-label, in the arena; NULL where it is none. */
const char *hostname_copy(struct arena *arena, struct view name);

/* The fully qualified name where it can be had within two seconds, else the
 * short one, else "localhost". */
const char *hostname_find(struct arena *arena);

#endif
