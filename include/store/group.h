/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which messages go into one transaction together. */
#ifndef STORE_GROUP_H
#define STORE_GROUP_H

#include "store/state.h"

/* Puts what is to be stored into s->pending, what has failed alone behind
 * the others, and returns how many; the rest has, or now gets, a verdict. */
size_t group_collect(struct store *s, struct mail *const *mails, size_t count);

/* How many of the mails, one at least, fill one statement, by one measure of
 * a row's bytes; one alone may need several. Their rows are in *rows_out, in
 * the store's kept array: none where all recipients are discarded. The
 * connection is up. */
size_t group_next(struct store *s, struct mail *const *mails, size_t count,
		  struct rows *rows_out);

#endif
