/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of session tickets. They change every few hours, at the same
 * moment in all processes that were forked from one, and cannot be computed
 * backwards: who learns them cannot read sessions of yesterday. */
#ifndef NET_TICKET_KEYS_H
#define NET_TICKET_KEYS_H

#include <stdbool.h>
#include <stddef.h>

struct ticket_keys;

/* New and secret; or from a file ("", NULL: none) that machines share and
 * programs of other versions read: those of one moment are the same wherever
 * it lies, and who has it computes them for ever. NULL, and a sentence that
 * names the file in why, for a fault. */
struct ticket_keys *ticket_keys_new(const char *file, char *why, size_t size);
void ticket_keys_free(struct ticket_keys **k);

/* to goes on with the keys of from, unless one of them is of a file. */
void ticket_keys_copy(struct ticket_keys *to, const struct ticket_keys *from);


/* Forgets what is too old by now. Using them does the same; a process that
 * only forks others must call this now and then. */
void ticket_keys_turn(struct ticket_keys *k);

/* Makes the contexts use them: the first one takes all handshakes, each of
 * the others may be switched to. */
struct ssl_ctx_st;
void ticket_keys_serve(struct ticket_keys *k, struct ssl_ctx_st *context,
		       bool is_first);

#endif
