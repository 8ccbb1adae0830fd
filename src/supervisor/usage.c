/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The master looks once a second, so that no other process spends a system
 * call on it; what a process used after the last look its end tells. */
#include "supervisor/usage.h"

#include "base/process.h"

#include <unistd.h>

/* One that an upgrade brought along was counted by the program before. */
static void
count(struct master *m, enum slot_role role, int64_t *last_us, int64_t now_us)
{
	if (*last_us >= 0 && now_us > *last_us)
		scoreboard_add_cpu(m->scoreboard, role,
				   (uint64_t)(now_us - *last_us));
	*last_us = now_us;
}

void
usage_tick(struct master *m)
{
	uint64_t resident[SLOT_ROLES] = { 0 };
	struct process_usage u;

	if (process_usage(getpid(), &u) == 0) {
		count(m, SLOT_MASTER, &m->cpu_us, u.cpu_us);
		resident[SLOT_MASTER] = u.resident_bytes;
	}
	for (int i = 1; i < SCOREBOARD_SLOTS; i++) {
		const struct process *e = &m->processes.entries[i];
		if (!process_is_alive(e) || process_usage(e->pid, &u) != 0)
			continue;
		count(m, e->role, &m->children[i].cpu_us, u.cpu_us);
		resident[e->role] += u.resident_bytes;
	}
	for (int role = 0; role < SLOT_ROLES; role++)
		scoreboard_note_resident(m->scoreboard, (enum slot_role)role,
					 resident[role]);
}

static int64_t
in_us(struct timeval t)
{
	return (int64_t)t.tv_sec * 1000000 + t.tv_usec;
}

void
usage_of_dead(struct master *m, int i, const struct rusage *r)
{
	int64_t all_us = in_us(r->ru_utime) + in_us(r->ru_stime);

	count(m, m->processes.entries[i].role, &m->children[i].cpu_us, all_us);
}
