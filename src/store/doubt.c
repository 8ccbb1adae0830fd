/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages that may be in the table although nobody said so: at most what
 * was in a few statements, so a list will do. */
#include "store/doubt.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

void
doubts_deinit(struct doubts *d)
{
	free(d->at);
	*d = (struct doubts){ 0 };
}

struct doubt *
doubts_find(const struct doubts *d, const struct message *m)
{
	for (size_t i = 0; i < d->count; i++)
		if (memcmp(d->at[i].id, m->id, MAIL_ID_LEN) == 0)
			return &d->at[i];
	return NULL;
}

struct doubt *
doubts_add(struct doubts *d, const struct message *m,
	   const struct lost_connection *lost)
{
	struct doubt *doubt = doubts_find(d, m);

	if (doubt == NULL) {
		if (d->count == d->size) {
			d->size = d->size > 0 ? d->size * 2 : 32;
			d->at = memory_resize(d->at,
					      d->size * sizeof(*d->at));
		}
		doubt = &d->at[d->count++];
		memset(doubt, 0, sizeof(*doubt));
		memcpy(doubt->id, m->id, sizeof(doubt->id));
		doubt->since_ms = clock_ms();
	}
	doubt->lost = *lost;
	return doubt;
}

void
doubts_remove(struct doubts *d, const struct message *m)
{
	struct doubt *doubt = d->count > 0 ? doubts_find(d, m) : NULL;

	if (doubt != NULL)
		*doubt = d->at[--d->count];
}
