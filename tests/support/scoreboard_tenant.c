/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/scoreboard_tenant.h"

struct scoreboard_slot *
sit_down(struct scoreboard *b, size_t i, pid_t pid)
{
	struct scoreboard_slot *s = scoreboard_slot_at(b, i);
	struct slot_tenant t = { SLOT_WORKER, "worker", 0, (int)i, 3, 2 };

	scoreboard_occupy(b, i, &t);
	t.pid = pid;
	scoreboard_occupy(b, i, &t);
	return s;
}
