/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of session tickets. They change every few hours, at the same
 * moment in all processes that were forked from one, and cannot be computed
 * backwards: who learns them cannot read sessions of yesterday. */
#ifndef NET_TICKET_KEYS_H
#define NET_TICKET_KEYS_H

#include "net/signing.h"

#include <stdbool.h>
#include <stddef.h>

struct ticket_keys;

/* New and secret; or from a file ("", NULL: none) that machines share and
 * programs of other versions read: those of one moment are the same wherever
 * it lies, and who has it computes them for ever. NULL, and a sentence that
 * names the file in why, for a fault. */
struct ticket_keys *ticket_keys_new(const char *file, char *why, size_t size);
/* Wipes them; takes NULL. */
void ticket_keys_free(struct ticket_keys **k);

/* Whether such a file is good, asked by a child, so that nothing of it stays
 * here. */
bool ticket_keys_check(const char *file, char *why, size_t size);

/* The signer's: it keeps the secret that they come of, and hands over those
 * of now and of before, which hold for some hours. They are asked for once in
 * that time, so that a resumed session costs no question. */
struct ticket_keys *ticket_keys_new_remote(struct signing_client *signer);

/* For the one who hands them over: writes them, and returns how many bytes.
 * SIGNING_MOST are enough. */
size_t ticket_keys_export(struct ticket_keys *k, unsigned char *out);

/* Goes on with those that are in fd, which stays the caller's, unless they come
 * of a file that machines share, and keeps its own there: for who comes after
 * us. */
void ticket_keys_keep_in(struct ticket_keys *k, int fd);

/* Forgets what is too old by now. Using them does the same; who keeps the
 * secret must call this now and then. */
void ticket_keys_turn(struct ticket_keys *k);

/* Makes the contexts use them: the first one takes all handshakes, each of
 * the others may be switched to. */
struct ssl_ctx_st;
void ticket_keys_serve(struct ticket_keys *k, struct ssl_ctx_st *context,
		       bool is_first);

#endif
