/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mails to committed rows, in one loop: what waits in front goes into one
 * transaction, and its outcome says whether it is tried again, one by one, or
 * done with. One message never stops another: what fails alone comes last,
 * and an error is a message's own fault once another has been stored. */
#include "store/store.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/outcome.h"
#include "store/state.h"

#include <time.h>

enum { MOST_REPEATS = 8, MOST_REPEATS_ALONE = 4, FIRST_PAUSE_MS = 4,
       LONGEST_PAUSE_MS = 200, MOST_TIMEOUTS = 2, MOST_LOSSES = 3,
       MOST_FAILURES = 3 };

/* One call of store_save. */
struct attempt {
	struct store *store;
	struct mail **pending;          /* without a verdict, tried in order */
	size_t count;
	size_t group;                   /* in front: they run now */
	size_t alone;                   /* in front: they go one by one */
	size_t rows;                    /* of the group */
	int64_t deadline_ms;
	bool has_reread;                /* the table */
	bool has_moved;                 /* the group, to another connection */
	bool has_told_full;
	unsigned repeats;               /* of the group */
	unsigned losses;                /* of the connection, in this call */
};

/* What an outcome leads to. */
enum store_step {
	STEP_AGAIN,     /* the front is tried again, if there is a host */
	STEP_SPLIT,     /* the same, message by message */
	STEP_ON         /* the group is done with, or comes back later */
};

static void
decide(struct store *s, struct mail *mail, enum verdict verdict, int error)
{
	mail->message->verdict = verdict;
	mail->message->error = error;
	in_doubt_remove(&s->in_doubt, mail->message);
}

static enum store_step
all_stored(struct attempt *a)
{
	struct store *s = a->store;

	for (size_t i = 0; i < a->group; i++)
		decide(s, a->pending[i], VERDICT_STORED, 0);
	s->commits++;
	s->failures = 0;
	hosts_worked(&s->failover.hosts, s->failover.connection->host);
	slot_count(s->slot, COUNT_BATCHES, 1);
	slot_count(s->slot, COUNT_ROWS, a->rows);
	return STEP_ON;
}

/* A message that the database does not take, for reasons of its own: the
 * sender may try again, when somebody has looked at the log. One whose commit
 * we lost has no answer yet. */
static void
refuse(struct store *s, struct mail *mail, const struct store_fault *why)
{
	const struct in_doubt *d = in_doubt_find(&s->in_doubt, mail->message);

	if (d != NULL && d->may_be_stored && d->lost.is_known)
		return;
	log_error("the database refuses a message",
		  LOG_STR("id", mail->message->id),
		  LOG_NUM("error", why->error), LOG_STR("text", why->text));
	outcome_count(why->error, s->slot);
	decide(s, mail, VERDICT_TRY_LATER, why->error);
}

/* The message has failed when nothing but itself was sent: counted again only
 * where another has been stored since, so that an outage counts once. */
static struct in_doubt *
note_failure(struct store *s, const struct message *m)
{
	struct in_doubt *d = in_doubt_add(&s->in_doubt, m);

	if (d->failures == 0 || d->commits != s->commits)
		d->failures++;
	d->commits = s->commits;
	return d;
}

/* An error that the message may have caused, or the table, or the host. What
 * others meet tells: see refuse_culprits. Where several fail one after the
 * other the host is left. */
static enum store_step
suspect(struct attempt *a, const struct store_fault *why)
{
	struct store *s = a->store;

	if (a->group > 1)
		return STEP_SPLIT;
	struct in_doubt *d = note_failure(s, a->pending[0]->message);
	if (d->failures > 1) {
		refuse(s, a->pending[0], why);
		return STEP_ON;
	}
	d->fault = *why;
	if (++s->failures < MOST_FAILURES)
		return STEP_ON;
	s->failures = 0;
	failover_drop(&s->failover, true);
	return STEP_AGAIN;
}

/* Others have been stored after these had failed: it was their own fault. */
static void
refuse_culprits(struct store *s, struct mail *const *mails, size_t count)
{
	for (size_t i = 0; i < count && s->in_doubt.count > 0; i++) {
		struct message *m = mails[i]->message;
		struct in_doubt *d = in_doubt_find(&s->in_doubt, m);
		if (m->verdict == VERDICT_NONE && d != NULL &&
		    d->fault.error != 0 && d->commits != s->commits) {
			struct store_fault why = d->fault;
			refuse(s, mails[i], &why);
		}
	}
}

static enum store_step
repeat(struct attempt *a, const struct store_fault *why)
{
	unsigned most = a->group > 1 ? MOST_REPEATS : MOST_REPEATS_ALONE;
	int64_t ms = (int64_t)FIRST_PAUSE_MS << a->repeats;

	if (a->repeats++ >= most)
		return suspect(a, why);
	if (ms > LONGEST_PAUSE_MS)
		ms = LONGEST_PAUSE_MS;
	ms = hosts_jitter(&a->store->failover.hosts, ms);
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };
	nanosleep(&ts, NULL);
	return STEP_AGAIN;
}

static void
note_in_doubt(struct attempt *a, const struct insert_end *end)
{
	struct store *s = a->store;
	const struct connection *c = s->failover.connection;
	bool has_timed_out = end->took_ms >= s->settings->timeout_ms / 10 * 9;
	const struct lost_connection lost = { c->server, c->id, true };

	for (size_t i = 0; i < a->group; i++) {
		struct message *m = a->pending[i]->message;
		struct in_doubt *d = a->group == 1 ?
			note_failure(s, m) : in_doubt_add(&s->in_doubt, m);
		d->has_cost_connection = true;
		d->timeouts += has_timed_out;
		if (end->was_committing)
			in_doubt_lost(d, &lost);
		if (d->timeouts < MOST_TIMEOUTS && d->failures < MOST_LOSSES)
			continue;
		/* Nothing says that the next time would be better. With a
		 * spool it goes there, else its sender keeps it. */
		log_error("a message is given up",
			  LOG_STR("why", d->timeouts >= MOST_TIMEOUTS
				  ? "its statement timed out twice"
				  : "it costs the connection each time"),
			  LOG_STR("id", m->id), LOG_NUM("error", end->error));
		d->is_given_up = true;
		if (s->settings->on_outage == STORE_OUTAGE_TEMPFAIL)
			decide(s, a->pending[i], VERDICT_TRY_LATER,
			       end->error);
	}
	log_warn("the outcome of a commit is unknown",
		 LOG_NUM("messages", a->group), LOG_NUM("error", end->error),
		 LOG_STR("first_id", a->pending[0]->message->id));
}

static enum store_step
split(struct attempt *a, const struct outcome *o, const struct store_fault *why)
{
	struct store *s = a->store;
	const struct message *m = a->pending[0]->message;

	if (a->group > 1)
		return STEP_SPLIT;
	if (o->error_flags & OUTCOME_IS_DUPLICATE) {
		/* Ours, or of another key that the table has. */
		enum settled answer = in_doubt_duplicate(&s->failover, m);
		if (answer == SETTLED_UNKNOWN) {
			failover_drop(&s->failover, false);
			return STEP_AGAIN;
		}
		if (answer == SETTLED_STORED) {
			decide(s, a->pending[0], VERDICT_STORED, 0);
			return STEP_ON;
		}
	}
	/* Below SIZE when it began: another host may have room. */
	if ((o->error_flags & OUTCOME_IS_TOO_BIG) && !a->has_moved) {
		a->has_moved = true;
		if (failover_find_room(&s->failover, m->raw.len))
			return STEP_AGAIN;
	}
	refuse(s, a->pending[0], why);
	return STEP_ON;
}

/* The table or our rights changed under us, and another look tells; or they
 * did not, and the error is somebody's own. */
static enum store_step
reread(struct attempt *a, const struct outcome *o,
       const struct store_fault *why)
{
	if (a->has_reread)
		return o->error_flags & OUTCOME_IS_MESSAGES_OWN ?
		       split(a, o, why) : suspect(a, why);
	a->has_reread = true;
	failover_reread(&a->store->failover);
	return STEP_AGAIN;
}

/* A host that has just proved that it can be written, and again does not do
 * it, may not be the one at fault. */
static enum store_step
try_next_host(struct attempt *a, const struct store_fault *why)
{
	struct store *s = a->store;

	if (a->has_moved || s->failures > 0)
		return suspect(a, why);
	a->has_moved = true;
	s->failures++;
	failover_drop(&s->failover, true);
	return STEP_AGAIN;
}

/* The commit was answered by an error that does not say whether it is undone.
 * On its own connection nothing of it can come later: the first message, in
 * whose transaction all others are, tells. */
static enum settled
look(struct attempt *a, const struct insert_end *end)
{
	struct failover *f = &a->store->failover;

	enum settled answer = in_doubt_look(f, a->pending[0]->message);
	if (answer == SETTLED_UNKNOWN) {
		note_in_doubt(a, end);
		failover_drop(f, a->losses++ > 0);
	}
	return answer;
}

static enum store_step
follow(struct attempt *a, const struct insert_end *end)
{
	struct store *s = a->store;
	const struct outcome *o = outcome_of(end->error);
	struct store_fault why = s->failover.connection->fault;

	outcome_count(end->error, s->slot);
	if ((o->error_flags & OUTCOME_MUST_LOOK) && end->was_committing) {
		enum settled answer = look(a, end);
		if (answer == SETTLED_STORED)
			return all_stored(a);
		if (answer == SETTLED_UNKNOWN)
			return STEP_AGAIN;
	}
	for (size_t i = 0; i < a->group; i++)
		a->pending[i]->message->error = end->error;
	if (o->error_flags & OUTCOME_MAY_BE_STORED)
		note_in_doubt(a, end);
	switch (o->action) {
	case ACTION_REPEAT:
		return repeat(a, &why);
	case ACTION_NEXT_HOST:
		return try_next_host(a, &why);
	case ACTION_IN_DOUBT:
		/* The same host is asked first, at once; one that loses us a
		 * second time gets a pause. */
		failover_drop(&s->failover, a->losses++ > 0);
		return STEP_AGAIN;
	case ACTION_SPLIT:
		return split(a, o, &why);
	case ACTION_REREAD:
		return reread(a, o, &why);
	case ACTION_FULL:
		if (a->group > 1)
			return STEP_SPLIT;
		if (!a->has_told_full)
			log_error("the database has no space left",
				  LOG_NUM("error", why.error),
				  LOG_STR("text", why.text));
		a->has_told_full = true;
		decide(s, a->pending[0], VERDICT_FULL, why.error);
		break;
	}
	return STEP_ON;
}

/* ---- The loop ---------------------------------------------------------- */

/* Those in front are done with, or come back in another call. */
static void
skip(struct attempt *a, size_t n)
{
	a->pending += n;
	a->count -= n;
	a->alone -= n < a->alone ? n : a->alone;
	a->repeats = 0;
	a->has_moved = false;
}

/* What cannot be sent now has its verdict, or stays without. */
static bool
may_send(struct store *s, struct mail *mail)
{
	struct in_doubt *d = in_doubt_find(&s->in_doubt, mail->message);

	if (d == NULL)
		return true;
	enum settled answer = in_doubt_settle(
		&s->failover, d, mail->message, atomic_load(&s->stop_ms));
	if (answer == SETTLED_STORED)
		decide(s, mail, VERDICT_STORED, 0);
	return answer == SETTLED_ABSENT && s->failover.connection != NULL;
}

static enum store_step
send_group(struct attempt *a)
{
	struct store *s = a->store;
	struct failover *f = &s->failover;
	const struct group g =
		group_next(s, a->pending, a->alone > 0 ? 1 : a->count);
	const struct table_rows rows = { &f->table, g.rows };
	const struct table_rows raws = { &f->raw_table, g.raws };

	a->group = g.mails;
	a->rows = g.rows.count;
	slot_enter_database(s->slot);
	struct insert_end end = insert_commit(f->insert, f->connection, rows,
					      raws);
	slot_leave_database(s->slot);
	return end.error == 0 ? all_stored(a) : follow(a, &end);
}

/* What the operator must mend is not waited for, where there is no spool. */
static void
defer_if_hopeless(struct store *s, struct mail *const *mails, size_t count)
{
	int error = s->failover.fault.error;

	if (s->failover.connection != NULL ||
	    s->settings->on_outage == STORE_OUTAGE_SPOOL ||
	    outcome_of(error)->action != ACTION_REREAD)
		return;
	for (size_t i = 0; i < count; i++)
		if (mails[i]->message->verdict == VERDICT_NONE &&
		    !store_is_in_doubt(s, mails[i]->message))
			decide(s, mails[i], VERDICT_TRY_LATER, error);
}

void
store_save(struct store *s, struct mail *const *mails, size_t count)
{
	struct attempt a = { .store = s };
	int64_t stop_ms = atomic_load(&s->stop_ms);

	a.deadline_ms = clock_ms() + s->settings->timeout_ms;
	if (stop_ms < a.deadline_ms)
		a.deadline_ms = stop_ms;
	a.count = group_collect(s, mails, count);
	a.pending = s->pending;
	while (a.count > 0 && clock_ms() < a.deadline_ms &&
	       failover_connect(&s->failover, a.deadline_ms)) {
		if (a.pending[0]->message->verdict != VERDICT_NONE ||
		    !may_send(s, a.pending[0])) {
			skip(&a, 1);
			continue;
		}
		enum store_step step = send_group(&a);
		if (step == STEP_ON)
			skip(&a, a.group);
		if (step == STEP_SPLIT) {
			a.alone = a.group;
			a.repeats = 0;
			a.has_moved = false;
		}
	}
	refuse_culprits(s, mails, count);
	defer_if_hopeless(s, mails, count);
	events_tell(s->events, mails, count);
}
