/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mails to committed rows over one persistent connection. All calls block,
 * bounded by mysql.timeout: only delivery and the janitor make them. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/scoreboard.h"
#include "mail.h"
#include "store/settings.h"

struct store;

/* Does not connect yet. settings and slot must outlive it; slot is told when
 * a database call begins and ends, batches and rows are counted there. */
struct store *store_new(const struct store_settings *settings,
			struct scoreboard_slot *slot);
void store_free(struct store **s);

/* Before threads and sandbox: loads the client library and what it would
 * load late (authentication plugins, name service, TLS). Once a process. */
void store_warm_up(void);

/* What the table on the connected host allows; changes with a reconnect. */
struct store_size_limits {
	size_t max_message_bytes;       /* SIZE; the smallest over hosts seen */
	size_t max_address_chars;       /* of `to` and `recipient` */
	bool has_utf8_addresses;
	bool is_known;                  /* false before the first connect: the
					 * last known or assumed figures */
};
struct store_size_limits store_size_limits(const struct store *s);

/* Makes sure of a connection that can write, trying each host at most once;
 * false where none can be had now. Cheap while connected and idle. */
bool store_connect(struct store *s);

/* What the database said when something failed last; valid until the next
 * call. */
const char *store_last_words(const struct store *s);

/* Whether the last connect or save found a host that can be written. */
bool store_is_up(const struct store *s);

/* While it is down: when a host may next be tried (clock_ms), so that the
 * caller need not call before; 0 while it is up. */
int64_t store_next_try_ms(const struct store *s);

/* What goes into one transaction. Zeroed: nothing yet. */
struct store_batch {
	size_t rows;
	size_t raws;            /* messages for raw_table */
	size_t bytes;           /* of all of them */
	bool is_closed;         /* by a large one, which goes alone */
};

/* Adds the mail where batch_rows, batch_bytes and the server's packet allow,
 * by the measure that store_save goes by; false: it begins another batch. The
 * first one always fits. Only while the store is up. */
bool store_batch_add(struct store *s, struct store_batch *b,
		     const struct mail *mail);

/* Stores all rows of each mail, one message's rows in one transaction, as
 * many messages a statement as fit. Verdicts are there when all is done: who
 * wants those of each commit at once gives it one store_batch. Sets each
 * message's verdict (and error); VERDICT_NONE means not stored and to be
 * tried again with the same id: the caller holds it or gives it up. Ids that
 * may already be there (in doubt) are settled first. */
void store_save(struct store *s, struct mail *const *mails, size_t count);

/* For a message with VERDICT_NONE that is being given up: whether its row
 * may be in the table all the same. */
bool store_is_in_doubt(const struct store *s, const struct message *m);

/* The caller gives the message up: nothing of it is remembered. */
void store_forget(struct store *s, const struct message *m);

/* Before a mail with VERDICT_NONE is spooled: notes in it, in arena, which
 * connection its commit was lost with, if it was. */
void store_hand_over(const struct store *s, struct mail *mail,
		     struct arena *arena);

/* The mail comes from elsewhere (the spool) and may be stored already: where
 * the table has no UNIQUE id, store_save ends the connection that was lost
 * and looks before it inserts. */
void store_suspect(struct store *s, const struct mail *mail);

/* The process ends then (clock_ms): no statement is begun later, and what has
 * timed out is not tried again. From any thread. */
void store_stop_at(struct store *s, int64_t at_ms);

/* Asks recipient_query for each key at once; answers[i] is 1 (a row), 0 (no
 * row) or -1 (the database did not answer). */
void store_find_recipients(struct store *s, const struct view *keys,
			   signed char *answers, size_t count);

enum store_list { STORE_LIST_DOMAINS, STORE_LIST_BLOCKED };

/* Runs domains_query or blocked_senders_query and hands each value of its
 * first column to take; false, possibly after some, where it failed. */
bool store_fetch_list(struct store *s, enum store_list which,
		      void (*take)(void *context, struct view name),
		      void *context);

#endif
