/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared memory in which every process has a slot. */
#include "base/scoreboard.h"

#include <stddef.h>

void
slot_count(struct scoreboard_slot *s, enum slot_counter which, uint64_t more)
{
	(void)s;
	(void)which;
	(void)more;
}

void
slot_gauge(struct scoreboard_slot *s, enum slot_gauge which, uint64_t now)
{
	(void)s;
	(void)which;
	(void)now;
}

void
slot_set_state(struct scoreboard_slot *s, enum slot_state state)
{
	(void)s;
	(void)state;
}

void
slot_beat(struct scoreboard_slot *s, enum slot_thread thread)
{
	(void)s;
	(void)thread;
}

void
slot_enter_database(struct scoreboard_slot *s)
{
	(void)s;
}

void
slot_leave_database(struct scoreboard_slot *s)
{
	(void)s;
}

void
slot_set_fingerprint(struct scoreboard_slot *s, uint64_t fingerprint)
{
	(void)s;
	(void)fingerprint;
}

bool
scoreboard_is_poison(const struct scoreboard *b, uint64_t fingerprint)
{
	(void)b;
	(void)fingerprint;
	return false;
}
