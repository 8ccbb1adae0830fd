/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The workers of the generation in force. */
#include "supervisor/worker_count.h"

#include "base/clock.h"
#include "supervisor/children.h"
#include "supervisor/roles.h"

#include <stdlib.h>

static bool
is_current_worker(const struct master *m, const struct process *e)
{
	return e->role == SLOT_WORKER && e->generation == m->now.number &&
	       process_is_wanted(e);
}

static int
highest_worker(const struct master *m, size_t *count_out)
{
	int highest = 0;
	size_t count = 0;

	for (int i = 1; i < SCOREBOARD_SLOTS; i++) {
		const struct process *e = &m->processes.entries[i];
		if (!is_current_worker(m, e))
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
	children_take(m, highest, PROCESS_DRAIN);
	log_info("one worker fewer", LOG_NUM("workers", count - 1));
}

static bool
is_replaced(const struct process *e)
{
	return e->replaced_by >= 0 && process_is_wanted(e);
}

/* Its successor serves: now it may go. */
static void
finish_replacement(struct master *m, int i)
{
	struct process *e = &m->processes.entries[i];
	const struct process *next = &m->processes.entries[e->replaced_by];

	if (next->state == PROCESS_READY)
		children_take(m, i, PROCESS_DRAIN);
	else if (!process_is_wanted(next))
		e->replaced_by = -1;
}

static void
begin_replacement(struct master *m, int i)
{
	struct process *e = &m->processes.entries[i];

	m->children[i].wants_recycle = false;
	int next = children_add(m, e->role, e->number, e->generation);
	if (next < 0)
		return;
	e->replaced_by = next;
	log_info("recycling", LOG_STR("role", role_name(e->role)),
		 LOG_NUM("number", e->number), LOG_NUM("child", e->pid));
}

void
worker_count_tick(struct master *m)
{
	int waiting = 0;

	for (int i = 1; i < SCOREBOARD_SLOTS; i++) {
		const struct process *e = &m->processes.entries[i];
		if (is_replaced(e)) {
			finish_replacement(m, i);
			return;
		}
		if (waiting == 0 && m->children[i].wants_recycle &&
		    e->state == PROCESS_READY && e->generation == m->now.number)
			waiting = i;
	}
	/* A reload replaces them all anyway. */
	if (waiting > 0 && m->next.config == NULL)
		begin_replacement(m, waiting);
}

static bool
has_helper(const struct master *m, enum slot_role slot, bool is_alone)
{
	for (int i = 1; i < SCOREBOARD_SLOTS; i++) {
		const struct process *e = &m->processes.entries[i];
		if (e->role == slot && e->state != PROCESS_FREE &&
		    (process_is_wanted(e) || is_alone))
			return true;
	}
	return false;
}

void
worker_count_want_helpers(struct master *m)
{
	for (int slot = SLOT_UNUSED; slot < SLOT_ROLES; slot++) {
		const struct role *role = role_of((enum slot_role)slot);
		if (role_is_helper_of(&m->now, (enum slot_role)slot) &&
		    !has_helper(m, (enum slot_role)slot, role->is_alone))
			children_add(m, (enum slot_role)slot, 0,
				     m->now.number);
	}
}
