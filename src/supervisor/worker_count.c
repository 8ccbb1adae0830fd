/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The workers of the generation in force. */
#include "supervisor/worker_count.h"

#include "base/clock.h"
#include "supervisor/children.h"
#include "supervisor/roles.h"

#include <assert.h>
#include <stdlib.h>

static int
highest_worker(const struct master *m, size_t *count_out)
{
	int highest = 0;
	size_t count = 0;

	for (int i = 1; i < SCOREBOARD_SLOTS; i++) {
		const struct process *e = &m->processes.entries[i];
		if (e->role != SLOT_WORKER ||
		    e->generation != m->now.number || !process_is_wanted(e))
			continue;
		count++;
		if (highest == 0 ||
		    e->number >= m->processes.entries[highest].number)
			highest = i;
	}
	*count_out = count;
	return highest;
}

void
worker_count_grow(struct master *m)
{
	size_t count;
	int highest = highest_worker(m, &count);
	int number = highest > 0 ? m->processes.entries[highest].number : 0;

	if (children_add(m, SLOT_WORKER, number + 1, m->now.number) < 0) {
		log_warn("no room for one more worker");
		return;
	}
	log_info("one worker more", LOG_NUM("workers", count + 1));
}

void
worker_count_shrink(struct master *m)
{
	size_t count;
	int highest = highest_worker(m, &count);

	if (count <= 1) {
		log_warn("the last worker stays");
		return;
	}
	assert(highest > 0);
	children_take(m, highest, PROCESS_DRAIN);
	log_info("one worker fewer", LOG_NUM("workers", count - 1));
}

void
worker_count_tick(struct master *m)
{
	int waiting = 0;

	for (int i = 1; i < SCOREBOARD_SLOTS; i++) {
		struct process *e = &m->processes.entries[i];
		if (e->replaced_by >= 0 && process_is_wanted(e)) {
			const struct process *next =
				&m->processes.entries[e->replaced_by];
			/* Its successor serves: now it may go. */
			if (next->state == PROCESS_READY)
				children_take(m, i, PROCESS_DRAIN);
			else if (!process_is_wanted(next))
				e->replaced_by = -1;
			return;
		}
		if (waiting == 0 && m->children[i].wants_recycle &&
		    e->state == PROCESS_READY && e->generation == m->now.number)
			waiting = i;
	}
	/* A reload replaces them all anyway. */
	if (waiting == 0 || m->next.config != NULL)
		return;
	struct process *e = &m->processes.entries[waiting];
	m->children[waiting].wants_recycle = false;
	int next = children_add(m, e->role, e->number, e->generation);
	if (next < 0)
		return;
	e->replaced_by = next;
	scoreboard_count_restart(m->scoreboard, e->role, RESTART_RECYCLE);
	log_info("recycling", LOG_STR("role", role_name(e->role)),
		 LOG_NUM("number", e->number), LOG_NUM("child", e->pid));
}

void
worker_count_want_helpers(struct master *m)
{
	for (int slot = SLOT_UNUSED; slot < SLOT_ROLES; slot++) {
		const struct role *role = role_of((enum slot_role)slot);
		bool is_there = !role_is_helper_of(&m->now,
						   (enum slot_role)slot);
		for (int i = 1; i < SCOREBOARD_SLOTS && !is_there; i++) {
			const struct process *e = &m->processes.entries[i];
			is_there = e->role == (enum slot_role)slot &&
				   e->state != PROCESS_FREE &&
				   (process_is_wanted(e) || role->is_alone);
		}
		if (!is_there)
			children_add(m, (enum slot_role)slot, 0,
				     m->now.number);
	}
}
