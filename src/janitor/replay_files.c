/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files whose mail goes to the store together, then one by one where that
 * fails. A file goes when all its messages have; what cannot be read or
 * stored is set aside for the operator, never deleted. */
#include "janitor/replay_files.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "store/outcome.h"
#include "store/spool_encode.h"
#include "store/spool_folder.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	GENTLE_MS = 5,                  /* between groups: live mail first */
	MOST_FILES = 32,                /* of a group */
	YIELD_MS = 200                  /* at most, after a long statement */
};

struct file {
	const char *folder;
	char *name;                     /* emptied once it is done with */
	size_t index;                   /* in names */
	struct view bytes;
	struct spool_batch batch;
};

struct files {
	struct file at[MOST_FILES];
	size_t count;
	struct mail **mails;            /* of all of them */
	size_t mail_count;
};

void
replay_list(struct replay *r)
{
	spool_names_free(&r->names);
	r->names = spool_list(r->dir, "new");
	r->next = 0;
	r->alone_until = 0;
}

/* By whomever: what others get into the table tells whose fault a refusal
 * is. */
static uint64_t
count_stored(const struct replay *r)
{
	struct scoreboard_figures all = { .generation = 0 };

	if (r->scoreboard != NULL)
		scoreboard_read_figures(r->scoreboard, &all);
	return r->stored + all.counters[COUNT_ROWS];
}

static void
set_aside(struct replay *r, const char *name, const char *folder,
	  const char *why)
{
	retries_forget(&r->retries, name);
	if (spool_set_aside(r->dir, name, folder, why) != 0) {
		log_error("a spool file cannot be set aside",
			  LOG_STR("file", name), LOG_STR("to", folder),
			  LOG_STR("why", strerror(errno)));
		return;
	}
	log_error("a spool file is set aside: an operator must look at it",
		  LOG_STR("file", name), LOG_STR("to", folder),
		  LOG_STR("reason", why));
}

struct tally {
	size_t refused;         /* by the database, for their own reasons */
	size_t waiting;
};

/* What was sound in it is stored; where that is all the file may go. */
static void
finish(struct replay *r, struct file *f)
{
	r->stored += f->batch.count;
	slot_count(r->slot, COUNT_MAILS_REPLAYED, f->batch.count);
	if (!f->batch.is_damaged) {
		retries_forget(&r->retries, f->name);
		if (spool_remove(r->dir, f->folder, f->name) != 0)
			log_error("a spool file cannot be removed",
				  LOG_STR("file", f->name),
				  LOG_STR("why", strerror(errno)));
		log_info("spooled mail is stored", LOG_STR("file", f->name),
			 LOG_NUM("messages", f->batch.count));
	} else if (strcmp(f->folder, "new") == 0) {
		log_error("a spool file is damaged", LOG_STR("file", f->name),
			  LOG_NUM("sound", f->batch.count));
		set_aside(r, f->name, "damaged", "it is cut or changed");
	}
	f->name[0] = '\0';
}

/* It went alone, and at least one of its messages is not in the table. */
static void
fail(struct replay *r, struct file *f, const struct tally *t)
{
	const struct retry_failure failure = {
		.now_ms = clock_ms(),
		.stored = count_stored(r),
		.give_up_ms = r->settings->set_aside_ms,
		.is_lost = t->waiting > 0 && !store_is_up(r->store),
	};

	if (strcmp(f->folder, "new") == 0 &&
	    retries_failed(&r->retries, f->name, &failure) ==
		    RETRY_SET_ASIDE) {
		slot_count(r->slot, COUNT_MAILS_SET_ASIDE,
			   t->refused + t->waiting);
		set_aside(r, f->name, "refused", store_last_words(r->store));
	}
	f->name[0] = '\0';
}

static bool
take_file(struct replay *r, const char *folder, char *name, struct files *g)
{
	struct file *f = &g->at[g->count];

	assert(g->count < MOST_FILES);
	*f = (struct file){ .folder = folder, .name = name };
	f->bytes = spool_read_file(r->dir, folder, name);
	if (f->bytes.at == NULL) {
		log_error("a spool file cannot be read", LOG_STR("file", name),
			  LOG_STR("why", strerror(errno)));
		name[0] = '\0';
		return false;
	}
	spool_decode(f->bytes, &f->batch);
	if (f->batch.layout > SPOOL_LAYOUT) {
		/* After the way back to an older program: the newer one will
		 * know it. */
		const struct retry_failure unreadable = {
			.now_ms = clock_ms(), .stored = count_stored(r),
			.give_up_ms = INT64_MAX, .is_lost = true
		};
		retries_failed(&r->retries, name, &unreadable);
		if (!r->has_told_newer)
			log_error("a spool file of a newer program is left "
				  "alone: only that one can read it",
				  LOG_STR("file", name),
				  LOG_NUM("layout", f->batch.layout),
				  LOG_NUM("known", SPOOL_LAYOUT));
		r->has_told_newer = true;
		free((void *)f->bytes.at);
		name[0] = '\0';
		return false;
	}
	g->count++;
	g->mail_count += f->batch.count;
	return true;
}

/* The next files that nothing is known against, as many as make one statement
 * or a little more; where there is none, one that is in trouble, alone. */
static void
take_listed(struct replay *r, struct files *g)
{
	const struct store_settings *s = r->settings;
	size_t bytes = 0;

	assert(g->count == 0);
	for (size_t i = r->next; i < r->names.count && g->count < MOST_FILES &&
	     g->mail_count < s->batch_rows && bytes < s->batch_bytes; i++) {
		char *name = r->names.at[i];
		bool is_alone = i < r->alone_until;
		if (name[0] == '\0' || retries_knows(&r->retries, name))
			continue;
		if (take_file(r, "new", name, g)) {
			g->at[g->count - 1].index = i;
			bytes += g->at[g->count - 1].bytes.len;
		}
		if (is_alone)
			break;
	}
	int64_t now = clock_ms();
	for (size_t i = r->next; i < r->names.count && g->count == 0; i++) {
		char *name = r->names.at[i];
		if (name[0] == '\0')
			continue;
		if (retries_due_ms(&r->retries, name) <= now)
			take_file(r, "new", name, g);
		else
			name[0] = '\0';
	}
}

/* While all fail: one that has not been tried, else not for longest. */
static void
take_probe(struct replay *r, struct files *g)
{
	size_t best = 0;

	replay_list(r);
	for (size_t i = 0; i < r->names.count; i++) {
		if (!retries_knows(&r->retries, r->names.at[i])) {
			best = i;
			break;
		}
		if (retries_due_ms(&r->retries, r->names.at[i]) <
		    retries_due_ms(&r->retries, r->names.at[best]))
			best = i;
	}
	if (best < r->names.count)
		take_file(r, "new", r->names.at[best], g);
}

/* What is stored is done with; others are tried again, one by one, and what
 * is met as a duplicate then was stored now. Whether all are stored. */
static bool
settle_group(struct replay *r, struct files *g)
{
	bool is_whole = true;

	for (size_t i = 0; i < g->count; i++) {
		const struct spool_batch *b = &g->at[i].batch;
		struct tally t = { 0 };
		for (size_t k = 0; k < b->count; k++) {
			const struct message *m = b->list[k]->message;
			bool is_own = (outcome_of(m->error)->error_flags &
				       OUTCOME_IS_MESSAGES_OWN) != 0;
			if (m->verdict == VERDICT_TOO_BIG ||
			    (m->verdict == VERDICT_TRY_LATER && is_own))
				t.refused++;
			else if (m->verdict != VERDICT_STORED &&
				 m->verdict != VERDICT_DISCARDED)
				t.waiting++;
		}
		bool is_stored = t.waiting + t.refused == 0;
		is_whole &= is_stored;
		if (is_stored)
			finish(r, &g->at[i]);
		else if (g->count == 1)
			fail(r, &g->at[i], &t);
	}
	if (!is_whole && g->count > 1)
		r->alone_until = g->at[g->count - 1].index + 1;
	return is_whole;
}

/* How long live mail has the database for itself: where some has come since
 * the last group, at least as long as this one took. */
static int
pause_of(struct replay *r, int64_t took_ms)
{
	struct scoreboard_figures all = { .generation = 0 };

	if (r->scoreboard != NULL)
		scoreboard_read_figures(r->scoreboard, &all);
	uint64_t accepted = all.counters[COUNT_MAILS_ACCEPTED];
	bool is_live = accepted != r->accepted;
	r->accepted = accepted;
	if (!is_live || took_ms < GENTLE_MS)
		return GENTLE_MS;
	return took_ms > YIELD_MS ? YIELD_MS : (int)took_ms;
}

static int
replay_group(struct replay *r, bool is_general)
{
	struct files g = { .count = 0 };
	int64_t began_ms = clock_ms();
	size_t n = 0;

	if (is_general)
		take_probe(r, &g);
	else
		take_listed(r, &g);
	/* What was set aside comes when nothing else does. */
	while (g.count == 0 && !is_general &&
	       r->next_refused < r->refused.count)
		take_file(r, "refused", r->refused.at[r->next_refused++], &g);
	if (g.count == 0)
		return REPLAY_IDLE_MS;
	g.mails = memory_new(g.mail_count + 1, sizeof(struct mail *));
	for (size_t i = 0; i < g.count; i++)
		for (size_t k = 0; k < g.at[i].batch.count; k++)
			g.mails[n++] = g.at[i].batch.list[k];
	assert(n == g.mail_count);
	/* What is in doubt stays so until it is settled: on a table without
	 * UNIQUE id the connection that was lost must be known to be gone. */
	for (size_t i = 0; i < n; i++)
		store_suspect(r->store, g.mails[i]);
	store_save(r->store, g.mails, n);
	for (size_t i = 0; i < n; i++)
		if (g.mails[i]->message->verdict != VERDICT_NONE)
			store_forget(r->store, g.mails[i]->message);
	bool is_whole = settle_group(r, &g);
	for (size_t i = 0; i < g.count; i++) {
		spool_batch_free(&g.at[i].batch);
		free((void *)g.at[i].bytes.at);
	}
	free(g.mails);
	/* What was removed must not come back. */
	if (spool_sync_folder(r->dir, "new") != 0)
		log_error("the spool cannot be synced",
			  LOG_STR("why", strerror(errno)));
	if (!is_whole)
		return store_is_up(r->store) ? GENTLE_MS : REPLAY_AWAY_MS;
	return pause_of(r, clock_ms() - began_ms);
}

int
replay_files(struct replay *r)
{
	bool is_general = retries_is_general(&r->retries, count_stored(r));

	if (is_general && !r->has_told_general)
		log_error("the database takes no spooled mail: a file is tried "
			  "now and then",
			  LOG_STR("text", store_last_words(r->store)));
	r->has_told_general = is_general;
	if (is_general && clock_ms() < r->retries.general_ms)
		return REPLAY_AWAY_MS;
	int wait_ms = replay_group(r, is_general);
	while (r->next < r->names.count && r->names.at[r->next][0] == '\0')
		r->next++;
	return wait_ms;
}
