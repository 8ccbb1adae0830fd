/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state machine of every child: one row a state, one column an event. A
 * process that had become ready is replaced at once, or one crashing message
 * could switch the service off; one that dies before waits, longer each
 * time; all together are kept to a few restarts a second; nobody is ever
 * given up. */
#include "supervisor/roster.h"

#include <assert.h>
#include <string.h>

enum {
	FIRST_WAIT_MS = 1000,
	LONGEST_WAIT_MS = 30000,
	HEALTHY_MS = 60000,             /* after which failures are forgotten */
	RESTARTS_A_SECOND = 5,
	FORK_RETRY_MS = 500
};

/* How long the next state may last. */
enum span { FOR_EVER, AT_ONCE, BACK_OFF, RETRY, START, DRAIN, STOP, QUIT };

struct step {
	enum roster_state next;
	enum roster_act act;
	enum span span;
	bool is_legal;
};

#define STEP(n, a, s) { .next = ROSTER_##n, .act = ROSTER_##a, .span = (s), \
			.is_legal = true }

static const struct step steps[ROSTER_STATES][ROSTER_EVENTS] = {
	[ROSTER_WAITING] = {
		[ROSTER_IS_DUE] = STEP(WAITING, DO_FORK, RETRY),
		[ROSTER_FORKED] = STEP(STARTING, DO_NOTHING, START),
		[ROSTER_FORK_FAILED] = STEP(WAITING, DO_NOTHING, BACK_OFF),
		[ROSTER_DRAIN] = STEP(FREE, DO_NOTHING, FOR_EVER),
		[ROSTER_STOP] = STEP(FREE, DO_NOTHING, FOR_EVER),
		[ROSTER_QUIT] = STEP(FREE, DO_NOTHING, FOR_EVER),
	},
	[ROSTER_STARTING] = {
		[ROSTER_IS_DUE] = STEP(HUNG, ABORT, QUIT),
		[ROSTER_IS_READY] = STEP(READY, DO_NOTHING, FOR_EVER),
		[ROSTER_EXITED] = STEP(WAITING, DO_NOTHING, BACK_OFF),
		[ROSTER_HANGS] = STEP(HUNG, ABORT, QUIT),
		[ROSTER_DRAIN] = STEP(DRAINING, SAY_DRAIN, DRAIN),
		[ROSTER_STOP] = STEP(STOPPING, SAY_STOP, STOP),
		[ROSTER_QUIT] = STEP(QUITTING, SAY_QUIT, QUIT),
	},
	[ROSTER_READY] = {
		[ROSTER_IS_READY] = STEP(READY, DO_NOTHING, FOR_EVER),
		[ROSTER_EXITED] = STEP(WAITING, DO_NOTHING, AT_ONCE),
		[ROSTER_HANGS] = STEP(HUNG, ABORT, QUIT),
		[ROSTER_DRAIN] = STEP(DRAINING, SAY_DRAIN, DRAIN),
		[ROSTER_STOP] = STEP(STOPPING, SAY_STOP, STOP),
		[ROSTER_QUIT] = STEP(QUITTING, SAY_QUIT, QUIT),
	},
	[ROSTER_DRAINING] = {
		[ROSTER_IS_DUE] = STEP(QUITTING, SAY_QUIT, QUIT),
		[ROSTER_IS_READY] = STEP(DRAINING, DO_NOTHING, DRAIN),
		[ROSTER_EXITED] = STEP(FREE, DO_NOTHING, FOR_EVER),
		[ROSTER_HANGS] = STEP(QUITTING, ABORT, QUIT),
		[ROSTER_STOP] = STEP(STOPPING, SAY_STOP, STOP),
		[ROSTER_QUIT] = STEP(QUITTING, SAY_QUIT, QUIT),
	},
	[ROSTER_STOPPING] = {
		[ROSTER_IS_DUE] = STEP(QUITTING, SAY_QUIT, QUIT),
		[ROSTER_IS_READY] = STEP(STOPPING, DO_NOTHING, STOP),
		[ROSTER_EXITED] = STEP(FREE, DO_NOTHING, FOR_EVER),
		[ROSTER_HANGS] = STEP(QUITTING, ABORT, QUIT),
		[ROSTER_QUIT] = STEP(QUITTING, SAY_QUIT, QUIT),
	},
	[ROSTER_QUITTING] = {
		[ROSTER_IS_DUE] = STEP(QUITTING, KILL, QUIT),
		[ROSTER_IS_READY] = STEP(QUITTING, DO_NOTHING, QUIT),
		[ROSTER_EXITED] = STEP(FREE, DO_NOTHING, FOR_EVER),
	},
	[ROSTER_HUNG] = {
		[ROSTER_IS_DUE] = STEP(HUNG, KILL, QUIT),
		[ROSTER_IS_READY] = STEP(HUNG, DO_NOTHING, QUIT),
		[ROSTER_EXITED] = STEP(WAITING, DO_NOTHING, AT_ONCE),
		[ROSTER_DRAIN] = STEP(QUITTING, SAY_QUIT, QUIT),
		[ROSTER_STOP] = STEP(QUITTING, SAY_QUIT, QUIT),
		[ROSTER_QUIT] = STEP(QUITTING, SAY_QUIT, QUIT),
	},
};

static const char *const names[ROSTER_STATES] = {
	[ROSTER_FREE] = "free",
	[ROSTER_WAITING] = "waiting",
	[ROSTER_STARTING] = "starting",
	[ROSTER_READY] = "ready",
	[ROSTER_DRAINING] = "draining",
	[ROSTER_STOPPING] = "stopping",
	[ROSTER_QUITTING] = "quitting",
	[ROSTER_HUNG] = "hung",
};

void
roster_init(struct roster *r, const struct roster_times *times,
	    int64_t now_ms)
{
	memset(r, 0, sizeof(*r));
	r->times = *times;
	r->refilled_ms = now_ms;
	r->restart_credit = INT64_MAX / 2;      /* cut to the burst below */
}

int
roster_add(struct roster *r, enum slot_role role, int number,
	   unsigned generation)
{
	for (int i = 1; i < SCOREBOARD_SLOTS; i++) {
		if (r->entries[i].state != ROSTER_FREE)
			continue;
		r->entries[i] = (struct roster_entry){
			.state = ROSTER_WAITING,
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
roster_is_alive(const struct roster_entry *e)
{
	return e->pid > 0;
}

bool
roster_is_wanted(const struct roster_entry *e)
{
	return e->state == ROSTER_WAITING || e->state == ROSTER_STARTING ||
	       e->state == ROSTER_READY || e->state == ROSTER_HUNG;
}

/* After a failed start: a second, then twice as long each time. */
static int64_t
back_off(struct roster_entry *e)
{
	int64_t wait_ms = e->back_off_ms > 0 ? e->back_off_ms
					     : FIRST_WAIT_MS;

	e->back_off_ms = wait_ms * 2 < LONGEST_WAIT_MS ? wait_ms * 2
						       : LONGEST_WAIT_MS;
	return wait_ms;
}

static int64_t
end_of(struct roster *r, struct roster_entry *e, enum span span,
       int64_t now_ms)
{
	switch (span) {
	case FOR_EVER: return ROSTER_NEVER;
	case AT_ONCE: return now_ms;
	case BACK_OFF: return now_ms + back_off(e);
	case RETRY: return now_ms + FORK_RETRY_MS;
	case START: return now_ms + r->times.start_ms;
	case DRAIN: return now_ms + r->times.drain_ms;
	case STOP: return now_ms + r->times.stop_ms;
	case QUIT: return now_ms + r->times.quit_ms;
	}
	return ROSTER_NEVER;
}

/* What the entry must remember of the event. */
static void
note(struct roster_entry *e, enum roster_event event, int64_t now_ms)
{
	if (event == ROSTER_FORKED) {
		if (e->forked_ms != 0)
			e->restarts++;
		e->forked_ms = now_ms;
		e->ready_ms = 0;
	} else if (event == ROSTER_IS_READY && e->ready_ms == 0) {
		e->ready_ms = now_ms;
	} else if (event == ROSTER_EXITED) {
		if (e->ready_ms != 0 && now_ms - e->ready_ms >= HEALTHY_MS)
			e->back_off_ms = 0;
		e->pid = 0;
	}
}

enum roster_act
roster_take(struct roster *r, int i, enum roster_event event, int64_t now_ms)
{
	assert(i > 0 && i < SCOREBOARD_SLOTS);
	struct roster_entry *e = &r->entries[i];
	struct step step = steps[e->state][event];

	if (!step.is_legal)
		return ROSTER_DO_NOTHING;
	note(e, event, now_ms);
	/* One that never became ready hung at its start: it waits too. */
	if (e->state == ROSTER_HUNG && event == ROSTER_EXITED &&
	    e->ready_ms == 0)
		step.span = BACK_OFF;
	/* Its successor is on the way already. */
	if (step.next == ROSTER_WAITING && event == ROSTER_EXITED &&
	    e->replaced_by >= 0)
		step = (struct step)STEP(FREE, DO_NOTHING, FOR_EVER);
	bool is_same = e->state == step.next;
	e->state = step.next;
	/* A late "ready" does not buy more time. */
	if (!is_same || event != ROSTER_IS_READY)
		e->due_ms = end_of(r, e, step.span, now_ms);
	return step.act;
}

static int64_t
burst(const struct roster *r)
{
	int64_t wanted = 0;

	for (int i = 1; i < SCOREBOARD_SLOTS; i++)
		wanted += roster_is_wanted(&r->entries[i]);
	return (wanted > 0 ? wanted : 1) * 1000;
}

static bool
may_restart(struct roster *r, int64_t now_ms)
{
	int64_t most = burst(r);
	int64_t gained = (now_ms - r->refilled_ms) * RESTARTS_A_SECOND;

	r->restart_credit = r->restart_credit + gained < most
		? r->restart_credit + gained : most;
	r->refilled_ms = now_ms;
	if (r->restart_credit < 1000)
		return false;
	r->restart_credit -= 1000;
	return true;
}

enum roster_act
roster_tick(struct roster *r, int i, int64_t now_ms)
{
	struct roster_entry *e = &r->entries[i];

	if (e->state == ROSTER_FREE || now_ms < e->due_ms)
		return ROSTER_DO_NOTHING;
	bool is_restart = e->state == ROSTER_WAITING && e->forked_ms != 0;
	if (is_restart && !may_restart(r, now_ms)) {
		e->due_ms = now_ms + 1000 / RESTARTS_A_SECOND;
		return ROSTER_DO_NOTHING;
	}
	return roster_take(r, i, ROSTER_IS_DUE, now_ms);
}

int64_t
roster_next_ms(const struct roster *r, int64_t now_ms)
{
	int64_t next = ROSTER_NEVER;

	for (int i = 1; i < SCOREBOARD_SLOTS; i++) {
		const struct roster_entry *e = &r->entries[i];
		if (e->state != ROSTER_FREE && e->due_ms < next)
			next = e->due_ms;
	}
	return next > now_ms || next == ROSTER_NEVER ? next : now_ms;
}

int
roster_find(const struct roster *r, pid_t pid)
{
	for (int i = 1; i < SCOREBOARD_SLOTS; i++)
		if (r->entries[i].pid == pid && pid > 0)
			return i;
	return -1;
}

const char *
roster_state_name(enum roster_state state)
{
	return names[state];
}
