/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A message's own memory: made at MAIL, charged to the worker's budget, and
 * given back by whoever holds it last. */
#include "smtp/message.h"

#include <stdlib.h>

struct message *
message_new(struct budget *budget)
{
	if (!budget_take(budget, sizeof(struct message)))
		return NULL;
	struct message *m = memory_new(1, sizeof(*m));
	m->arena.budget = budget;
	m->raw.budget = budget;
	return m;
}

size_t
message_rows(const struct message *m)
{
	size_t rows = 0;

	for (const struct recipient *r = m->envelope.first; r != NULL;
	     r = r->next)
		if (!r->is_discarded)
			rows++;
	return rows;
}

void
message_free(struct message **m)
{
	if (*m == NULL)
		return;
	struct budget *budget = (*m)->arena.budget;
	arena_free(&(*m)->arena);
	chain_free(&(*m)->raw);
	free(*m);
	budget_give(budget, sizeof(**m));
	*m = NULL;
}
