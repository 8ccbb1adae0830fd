/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages that may be in the table although nobody said so: at most what
 * was in a few statements, so a list will do. */
#include "store/in_doubt.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

void
in_doubt_deinit(struct in_doubt_list *d)
{
	free(d->at);
	*d = (struct in_doubt_list){ 0 };
}

struct in_doubt *
in_doubt_find(const struct in_doubt_list *d, const struct message *m)
{
	for (size_t i = 0; i < d->count; i++)
		if (memcmp(d->at[i].id, m->id, MAIL_ID_LEN) == 0)
			return &d->at[i];
	return NULL;
}

struct in_doubt *
in_doubt_add(struct in_doubt_list *d, const struct message *m,
	     const struct lost_connection *lost)
{
	struct in_doubt *doubt = in_doubt_find(d, m);

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
in_doubt_remove(struct in_doubt_list *d, const struct message *m)
{
	struct in_doubt *doubt = d->count > 0 ? in_doubt_find(d, m) : NULL;

	if (doubt != NULL)
		*doubt = d->at[--d->count];
}
