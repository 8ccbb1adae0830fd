/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spooled mail into the table: the columns as they were derived, under the
 * ids that were given, so that a row which is there already is met as one.
 * A file goes when all its messages have; what cannot be read or stored is
 * set aside for the operator, never deleted. */
#include "janitor/replay.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "store/outcome.h"
#include "store/spool_encode.h"
#include "store/spool_folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	IDLE_MS = 1000,                 /* nothing there: look again */
	GENTLE_MS = 5,                  /* between groups: live mail first */
	MOST_FILES = 32,                /* of a group */
	AWAY_MS = 200,
	LOOK_MS = 1000,
	SWEEP_MS = 60 * 1000,
	MOST_TRIES = 5                  /* of a message that is at fault */
};

struct replay {
	const struct store_settings *settings;
	const char *dir;
	struct scoreboard_slot *slot;
	struct store *store;
	int lock;
	struct replay_figures figures;
	struct spool_names names;       /* as last listed */
	size_t next;                    /* of them */
	char name[SPOOL_NAME_SIZE];     /* tried last, for the count */
	unsigned tries;
	bool is_repeated;               /* the same file comes next */
	size_t alone_until;             /* names before it go one by one */
	bool has_told_newer;
	int64_t looked_ms;
	int64_t swept_ms;
};

struct replay *
replay_new(const struct store_settings *settings, const char *dir,
	   struct scoreboard_slot *slot, struct store *store)
{
	/* The janitors of two generations are kept apart. */
	int lock = spool_lock(dir, "replay");

	if (lock < 0)
		return NULL;
	struct replay *r = memory_new(1, sizeof(*r));
	r->settings = settings;
	r->dir = dir;
	r->slot = slot;
	r->store = store;
	r->lock = lock;
	r->swept_ms = INT64_MIN / 2;
	r->looked_ms = INT64_MIN / 2;
	return r;
}

void
replay_free(struct replay **r)
{
	if (*r == NULL)
		return;
	close((*r)->lock);
	spool_names_free(&(*r)->names);
	free(*r);
	*r = NULL;
}

static void
set_aside(struct replay *r, const char *name, const char *folder)
{
	if (spool_set_aside(r->dir, name, folder) != 0) {
		log_error("a spool file cannot be set aside",
			  LOG_STR("file", name), LOG_STR("to", folder),
			  LOG_STR("why", strerror(errno)));
		return;
	}
	log_error("a spool file is set aside: an operator must look at it",
		  LOG_STR("file", name), LOG_STR("to", folder));
}

/* All is in the table: the file may go. */
static void
remove_file(struct replay *r, const char *name)
{
	char path[SPOOL_PATH_SIZE];

	spool_path(r->dir, "new", name, path);
	if (unlink(path) != 0)
		log_error("a spool file cannot be removed",
			  LOG_STR("file", name),
			  LOG_STR("why", strerror(errno)));
}

struct tally {
	size_t stored;
	size_t refused;         /* by the database, for their own reasons */
	size_t waiting;
};

static struct tally
count_verdicts(const struct spool_batch *b)
{
	struct tally t = { 0 };

	for (size_t i = 0; i < b->count; i++) {
		const struct message *m = b->list[i]->message;
		bool is_own = (outcome_of(m->error)->error_flags &
			       OUTCOME_IS_MESSAGES_OWN) != 0;
		if (m->verdict == VERDICT_STORED ||
		    m->verdict == VERDICT_DISCARDED)
			t.stored++;
		else if (m->verdict == VERDICT_TOO_BIG ||
			 (m->verdict == VERDICT_TRY_LATER && is_own))
			t.refused++;
		else
			t.waiting++;
	}
	return t;
}

/* All of the file has been decided. */
static void
finish(struct replay *r, const struct spool_batch *b, const char *name)
{
	struct tally t = count_verdicts(b);

	slot_count(r->slot, COUNT_MAILS_REPLAYED, t.stored);
	slot_count(r->slot, COUNT_MAILS_SET_ASIDE, t.refused);
	if (t.refused > 0) {
		log_error("the database refuses spooled mail for ever",
			  LOG_STR("file", name),
			  LOG_NUM("messages", t.refused));
		set_aside(r, name, "refused");
	} else if (b->is_damaged) {
		log_error("a spool file is damaged",
			  LOG_STR("file", name), LOG_NUM("sound", t.stored));
		set_aside(r, name, "damaged");
	} else {
		remove_file(r, name);
		log_info("spooled mail is stored", LOG_STR("file", name),
			 LOG_NUM("messages", t.stored));
	}
}

/* Refusals are tried a few times: the operator may be altering the table. */
static bool
may_try_again(struct replay *r, struct spool_batch *b, const char *name)
{
	struct tally t = count_verdicts(b);

	if (t.refused == 0)
		return false;
	if (strcmp(r->name, name) != 0) {
		snprintf(r->name, sizeof(r->name), "%s", name);
		r->tries = 0;
	}
	return ++r->tries < MOST_TRIES;
}

/* ---- A group: files whose mail goes to the store together ---------------- */

struct file {
	size_t index;                   /* in names */
	char *name;                     /* emptied once it is done with */
	struct view bytes;
	struct spool_batch batch;
};

struct files {
	struct file at[MOST_FILES];
	size_t count;
	struct mail **mails;            /* of all of them */
	size_t mail_count;
};

/* After the way back to an older program: the newer one will know. */
static void
leave_alone(struct replay *r, const char *name, unsigned layout)
{
	if (!r->has_told_newer)
		log_error("a spool file of a newer program is left alone: "
			  "only that one can read it",
			  LOG_STR("file", name), LOG_NUM("layout", layout),
			  LOG_NUM("known", SPOOL_LAYOUT));
	r->has_told_newer = true;
}

static bool
take_file(struct replay *r, size_t index, struct files *g)
{
	struct file *f = &g->at[g->count];

	*f = (struct file){ .index = index, .name = r->names.at[index] };
	f->bytes = spool_read_file(r->dir, f->name);
	if (f->bytes.at == NULL) {
		log_error("a spool file cannot be read",
			  LOG_STR("file", f->name),
			  LOG_STR("why", strerror(errno)));
		f->name[0] = '\0';
		return false;
	}
	spool_decode(f->bytes, &f->batch);
	if (f->batch.layout > SPOOL_LAYOUT) {
		leave_alone(r, f->name, f->batch.layout);
		free((void *)f->bytes.at);
		f->name[0] = '\0';
		return false;
	}
	g->count++;
	g->mail_count += f->batch.count;
	return true;
}

/* The next files, as many as make one statement or a little more. */
static void
take_group(struct replay *r, struct files *g)
{
	const struct store_settings *s = r->settings;
	size_t most = r->next < r->alone_until ? 1 : MOST_FILES;
	size_t bytes = 0, n = 0;

	for (size_t i = r->next; i < r->names.count && g->count < most &&
	     g->mail_count < s->batch_rows && bytes < s->batch_bytes; i++)
		if (r->names.at[i][0] != '\0' &&
		    take_file(r, i, g))
			bytes += g->at[g->count - 1].bytes.len;
	g->mails = memory_new(g->mail_count + 1, sizeof(struct mail *));
	for (size_t i = 0; i < g->count; i++)
		for (size_t k = 0; k < g->at[i].batch.count; k++)
			g->mails[n++] = g->at[i].batch.list[k];
}

static void
save_group_of_files(struct replay *r, const struct files *g)
{
	for (size_t i = 0; i < g->mail_count; i++)
		store_suspect(r->store, g->mails[i]->message);
	store_save(r->store, g->mails, g->mail_count);
	for (size_t i = 0; i < g->mail_count; i++)
		store_forget(r->store, g->mails[i]->message);
}

static void
free_group(struct files *g)
{
	for (size_t i = 0; i < g->count; i++) {
		spool_batch_free(&g->at[i].batch);
		free((void *)g->at[i].bytes.at);
	}
	free(g->mails);
}

/* A file alone is tried whole again and again: what was stored is met as a
 * duplicate. Only when all that is left is refused does it go aside. One that
 * waits for reasons of its own does not stop the others; while the database
 * is away it is tried again. */
static int
settle_one(struct replay *r, struct file *f)
{
	r->is_repeated = may_try_again(r, &f->batch, f->name);
	if (r->is_repeated)
		return AWAY_MS;
	bool is_waiting = count_verdicts(&f->batch).waiting > 0;
	if (!is_waiting)
		finish(r, &f->batch, f->name);
	if (!is_waiting || store_is_up(r->store))
		f->name[0] = '\0';
	return is_waiting ? AWAY_MS : GENTLE_MS;
}

/* What is stored is done with; the others are tried again, one by one. */
static int
settle_group(struct replay *r, struct files *g)
{
	bool is_whole = true;

	for (size_t i = 0; i < g->count; i++) {
		struct file *f = &g->at[i];
		struct tally t = count_verdicts(&f->batch);
		if (t.waiting > 0 || t.refused > 0) {
			is_whole = false;
			continue;
		}
		finish(r, &f->batch, f->name);
		f->name[0] = '\0';
	}
	if (is_whole)
		return GENTLE_MS;
	if (store_is_up(r->store))
		r->alone_until = g->at[g->count - 1].index + 1;
	return AWAY_MS;
}

/* Live mail gets at least as much of the time as the spool's. */
static int
replay_group(struct replay *r)
{
	struct files g = { .count = 0 };
	int64_t began_ms = clock_ms();

	take_group(r, &g);
	if (g.count > 0)
		save_group_of_files(r, &g);
	int wait_ms = g.count == 0 ? IDLE_MS :
		      g.count == 1 ? settle_one(r, &g.at[0]) :
		      settle_group(r, &g);
	/* What was removed must not come back. */
	if (spool_sync_folder(r->dir, "new") != 0)
		log_error("the spool cannot be synced",
			  LOG_STR("why", strerror(errno)));
	free_group(&g);
	int64_t took_ms = clock_ms() - began_ms;
	return took_ms > wait_ms ? (int)took_ms : wait_ms;
}

/* Once a second: what waits, for the scoreboard, and what a crash left. */
static void
look_around(struct replay *r)
{
	int64_t now = clock_ms();

	if (now - r->looked_ms < LOOK_MS)
		return;
	r->looked_ms = now;
	struct spool_usage usage = spool_usage(r->dir, "new");
	if (usage.files == 0 && r->figures.files > 0 &&
	    strcmp(r->dir, r->settings->spool_dir) != 0)
		log_info("an earlier spool_dir is empty",
			 LOG_STR("dir", r->dir));
	r->figures = (struct replay_figures){
		.files = usage.files,
		.bytes = usage.bytes,
		.set_aside = spool_usage(r->dir, "damaged").files +
			     spool_usage(r->dir, "refused").files,
		.oldest_s = usage.oldest_s,
	};
	if (now - r->swept_ms < SWEEP_MS)
		return;
	r->swept_ms = now;
	spool_sweep(r->dir);
}

void
replay_add_figures(const struct replay *r, struct replay_figures *sum)
{
	sum->files += r->figures.files;
	sum->bytes += r->figures.bytes;
	sum->set_aside += r->figures.set_aside;
	if (sum->oldest_s == 0 || (r->figures.oldest_s != 0 &&
				   r->figures.oldest_s < sum->oldest_s))
		sum->oldest_s = r->figures.oldest_s;
}

static void
list_again(struct replay *r)
{
	spool_names_free(&r->names);
	r->names = spool_list(r->dir);
	r->next = 0;
	r->alone_until = 0;
}

int
replay_step(struct replay *r)
{
	look_around(r);
	if (r->next == r->names.count)
		list_again(r);
	if (r->names.count == 0)
		return IDLE_MS;
	if (!store_connect(r->store))
		return AWAY_MS;
	int wait_ms = replay_group(r);
	while (r->next < r->names.count && r->names.at[r->next][0] == '\0')
		r->next++;
	return wait_ms;
}
