/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state machine of every child: one row a state, one column an event. A
 * process that had become ready is replaced at once, or one crashing message
 * could switch the service off; one that dies before waits, longer each
 * time; all together are kept to a few restarts a second; nobody is ever
 * given up. */
#include "supervisor/process_table.h"

#include <assert.h>
#include <string.h>

enum {
	FIRST_WAIT_MS = 1000,
	LONGEST_WAIT_MS = 30000,
	HEALTHY_MS = 60000, /* after which failures are forgotten */
	RESTARTS_A_SECOND = 5,
	FORK_RETRY_MS = 500
};

/* How long the next state may last. */
enum span { FOR_EVER, AT_ONCE, BACK_OFF, RETRY, START, DRAIN, STOP, QUIT };

struct step {
	enum process_state next;
	enum process_action act;
	enum span span;
	bool is_legal;
};

#define STEP(n, a, s)                                                          \
	{                                                                      \
		.next = PROCESS_##n, .act = PROCESS_##a, .span = (s),          \
		.is_legal = true                                               \
	}

static const struct step steps[PROCESS_STATES][PROCESS_EVENTS] = {
	[PROCESS_WAITING] = {
		[PROCESS_IS_DUE] = STEP(WAITING, DO_FORK, RETRY),
		[PROCESS_FORKED] = STEP(STARTING, DO_NOTHING, START),
		[PROCESS_FORK_FAILED] = STEP(WAITING, DO_NOTHING, BACK_OFF),
		[PROCESS_DRAIN] = STEP(FREE, DO_NOTHING, FOR_EVER),
		[PROCESS_STOP] = STEP(FREE, DO_NOTHING, FOR_EVER),
		[PROCESS_QUIT] = STEP(FREE, DO_NOTHING, FOR_EVER),
	},
	[PROCESS_STARTING] = {
		[PROCESS_IS_DUE] = STEP(HUNG, ABORT, QUIT),
		[PROCESS_IS_READY] = STEP(READY, DO_NOTHING, FOR_EVER),
		[PROCESS_EXITED] = STEP(WAITING, DO_NOTHING, BACK_OFF),
		[PROCESS_HANGS] = STEP(HUNG, ABORT, QUIT),
		[PROCESS_DRAIN] = STEP(DRAINING, SAY_DRAIN, DRAIN),
		[PROCESS_STOP] = STEP(STOPPING, SAY_STOP, STOP),
		[PROCESS_QUIT] = STEP(QUITTING, SAY_QUIT, QUIT),
	},
	[PROCESS_READY] = {
		[PROCESS_IS_READY] = STEP(READY, DO_NOTHING, FOR_EVER),
		[PROCESS_EXITED] = STEP(WAITING, DO_NOTHING, AT_ONCE),
		[PROCESS_HANGS] = STEP(HUNG, ABORT, QUIT),
		[PROCESS_DRAIN] = STEP(DRAINING, SAY_DRAIN, DRAIN),
		[PROCESS_STOP] = STEP(STOPPING, SAY_STOP, STOP),
		[PROCESS_QUIT] = STEP(QUITTING, SAY_QUIT, QUIT),
	},
	[PROCESS_DRAINING] = {
		[PROCESS_IS_DUE] = STEP(QUITTING, SAY_QUIT, QUIT),
		[PROCESS_IS_READY] = STEP(DRAINING, DO_NOTHING, DRAIN),
		[PROCESS_EXITED] = STEP(FREE, DO_NOTHING, FOR_EVER),
		[PROCESS_HANGS] = STEP(QUITTING, ABORT, QUIT),
		[PROCESS_STOP] = STEP(STOPPING, SAY_STOP, STOP),
		[PROCESS_QUIT] = STEP(QUITTING, SAY_QUIT, QUIT),
	},
	[PROCESS_STOPPING] = {
		[PROCESS_IS_DUE] = STEP(QUITTING, SAY_QUIT, QUIT),
		[PROCESS_IS_READY] = STEP(STOPPING, DO_NOTHING, STOP),
		[PROCESS_EXITED] = STEP(FREE, DO_NOTHING, FOR_EVER),
		[PROCESS_HANGS] = STEP(QUITTING, ABORT, QUIT),
		[PROCESS_QUIT] = STEP(QUITTING, SAY_QUIT, QUIT),
	},
	[PROCESS_QUITTING] = {
		[PROCESS_IS_DUE] = STEP(QUITTING, KILL, QUIT),
		[PROCESS_IS_READY] = STEP(QUITTING, DO_NOTHING, QUIT),
		[PROCESS_EXITED] = STEP(FREE, DO_NOTHING, FOR_EVER),
	},
	[PROCESS_HUNG] = {
		[PROCESS_IS_DUE] = STEP(HUNG, KILL, QUIT),
		[PROCESS_IS_READY] = STEP(HUNG, DO_NOTHING, QUIT),
		[PROCESS_EXITED] = STEP(WAITING, DO_NOTHING, AT_ONCE),
		[PROCESS_DRAIN] = STEP(QUITTING, SAY_QUIT, QUIT),
		[PROCESS_STOP] = STEP(QUITTING, SAY_QUIT, QUIT),
		[PROCESS_QUIT] = STEP(QUITTING, SAY_QUIT, QUIT),
	},
};

static const char *const names[PROCESS_STATES] = {
	[PROCESS_FREE] = "free",	 [PROCESS_WAITING] = "waiting",
	[PROCESS_STARTING] = "starting", [PROCESS_READY] = "ready",
	[PROCESS_DRAINING] = "draining", [PROCESS_STOPPING] = "stopping",
	[PROCESS_QUITTING] = "quitting", [PROCESS_HUNG] = "hung",
};

void
process_table_init(struct process_table *r, const struct process_times *times,
		   int64_t now_ms)
{
	memset(r, 0, sizeof(*r));
	r->times = *times;
	r->refilled_ms = now_ms;
	r->restart_credit = INT64_MAX / 2;      /* cut to the burst below */
}

int
process_table_add(struct process_table *r, enum slot_role role, int number,
		  unsigned generation)
{
	for (int i = 1; i < SCOREBOARD_SLOTS; i++) {
		if (r->entries[i].state != PROCESS_FREE)
			continue;
		r->entries[i] = (struct process){
			.state = PROCESS_WAITING,
			.role = role,
			.number = number,
			.generation = generation,
			.replaced_by = -1,
		};
		return i;
	}
	return -1;
}

bool
process_is_alive(const struct process *e)
{
	return e->pid > 0;
}

bool
process_is_wanted(const struct process *e)
{
	return e->state == PROCESS_WAITING || e->state == PROCESS_STARTING ||
	       e->state == PROCESS_READY || e->state == PROCESS_HUNG;
}

static int64_t
end_of(struct process_table *r, struct process *e, enum span span,
       int64_t now_ms)
{
	int64_t wait_ms;

	switch (span) {
	case FOR_EVER:
		return PROCESS_NEVER;
	case AT_ONCE:
		return now_ms;
	case BACK_OFF:
		/* A second, then twice as long each time. */
		wait_ms = e->back_off_ms > 0 ? e->back_off_ms : FIRST_WAIT_MS;
		e->back_off_ms = wait_ms * 2 < LONGEST_WAIT_MS
			? wait_ms * 2 : LONGEST_WAIT_MS;
		return now_ms + wait_ms;
	case RETRY:
		return now_ms + FORK_RETRY_MS;
	case START:
		return now_ms + r->times.start_ms;
	case DRAIN:
		return now_ms + r->times.drain_ms;
	case STOP:
		return now_ms + r->times.stop_ms;
	case QUIT:
		return now_ms + r->times.quit_ms;
	}
	return PROCESS_NEVER;
}

enum process_action
process_table_handle(struct process_table *r, int i, enum process_event event,
		     int64_t now_ms)
{
	assert(i > 0 && i < SCOREBOARD_SLOTS && event < PROCESS_EVENTS);
	struct process *e = &r->entries[i];
	struct step step = steps[e->state][event];

	if (!step.is_legal)
		return PROCESS_DO_NOTHING;
	/* What the entry must remember of the event. */
	if (event == PROCESS_FORKED) {
		if (e->forked_ms != 0)
			e->restarts++;
		e->forked_ms = now_ms;
		e->ready_ms = 0;
	} else if (event == PROCESS_IS_READY && e->ready_ms == 0) {
		e->ready_ms = now_ms;
	} else if (event == PROCESS_EXITED) {
		if (e->ready_ms != 0 && now_ms - e->ready_ms >= HEALTHY_MS)
			e->back_off_ms = 0;
		e->pid = 0;
	}
	/* One that never became ready hung at its start: it waits too. */
	if (e->state == PROCESS_HUNG && event == PROCESS_EXITED &&
	    e->ready_ms == 0)
		step.span = BACK_OFF;
	/* Its successor is on the way already. */
	if (step.next == PROCESS_WAITING && event == PROCESS_EXITED &&
	    e->replaced_by >= 0)
		step = (struct step)STEP(FREE, DO_NOTHING, FOR_EVER);
	bool is_same = e->state == step.next;
	e->state = step.next;
	/* A late "ready" does not buy more time. */
	if (!is_same || event != PROCESS_IS_READY)
		e->due_ms = end_of(r, e, step.span, now_ms);
	return step.act;
}

enum process_action
process_table_tick(struct process_table *r, int i, int64_t now_ms)
{
	assert(i > 0 && i < SCOREBOARD_SLOTS);
	struct process *e = &r->entries[i];

	if (e->state == PROCESS_FREE || now_ms < e->due_ms)
		return PROCESS_DO_NOTHING;
	/* All together are kept to a few restarts a second, after as many at
	 * once as there are processes. */
	if (e->state == PROCESS_WAITING && e->forked_ms != 0) {
		int64_t credit = r->restart_credit +
				 (now_ms - r->refilled_ms) * RESTARTS_A_SECOND;
		int64_t most = 0;
		for (int k = 1; k < SCOREBOARD_SLOTS; k++)
			most += process_is_wanted(&r->entries[k]) ? 1000 : 0;
		assert(most >= 1000);   /* this one is wanted */
		r->restart_credit = credit < most ? credit : most;
		r->refilled_ms = now_ms;
		if (r->restart_credit < 1000) {
			e->due_ms = now_ms + 1000 / RESTARTS_A_SECOND;
			return PROCESS_DO_NOTHING;
		}
		r->restart_credit -= 1000;
	}
	return process_table_handle(r, i, PROCESS_IS_DUE, now_ms);
}

int64_t
process_table_next_ms(const struct process_table *r, int64_t now_ms)
{
	int64_t next = PROCESS_NEVER;

	for (int i = 1; i < SCOREBOARD_SLOTS; i++) {
		const struct process *e = &r->entries[i];
		if (e->state != PROCESS_FREE && e->due_ms < next)
			next = e->due_ms;
	}
	return next > now_ms || next == PROCESS_NEVER ? next : now_ms;
}

int
process_table_find(const struct process_table *r, pid_t pid)
{
	for (int i = 1; i < SCOREBOARD_SLOTS; i++)
		if (r->entries[i].pid == pid && pid > 0)
			return i;
	return -1;
}

const char *
process_state_name(enum process_state state)
{
	assert(state < PROCESS_STATES);
	return names[state];
}
