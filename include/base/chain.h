/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes of a message as a chain of pieces, so that a large mail grows
 * without being copied and goes back to the system when it is done. The
 * budget is charged for each piece as it is needed, never in advance. */
#ifndef BASE_CHAIN_H
#define BASE_CHAIN_H

#include "base/memory.h"
#include "base/view.h"

struct piece {
	struct piece *next;
	size_t len;             /* bytes in use */
	size_t size;            /* bytes there is room for */
	char bytes[];
};

struct chain {
	struct piece *first;
	struct piece *last;
	size_t len;             /* of all pieces */
	struct budget *budget;  /* may be NULL */
};

/* False where the budget is exhausted; then a part may have been added, and
 * the caller gives the message up. */
bool chain_append(struct chain *c, struct view bytes);

/* Leaves an empty chain, and gives all of it back to the budget. */
void chain_free(struct chain *c);

/* Copies bytes from..from+n to where; returns how many there were. */
size_t chain_copy(const struct chain *c, size_t from, size_t n, char *where);

#endif
