/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A worker that sits in a slot of the scoreboard. */
#ifndef SUPPORT_SCOREBOARD_TENANT_H
#define SUPPORT_SCOREBOARD_TENANT_H

#include "base/scoreboard_master.h"

/* Worker i of generation 3, restarted twice, in slot i. */
struct scoreboard_slot *sit_down(struct scoreboard *b, size_t i, pid_t pid);

#endif
