/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages in order. */
#include "worker/message_list.h"

#include <assert.h>

void
message_list_append(struct message_list *l, struct message *m)
{
	m->link.next = NULL;
	if (l->last != NULL)
		l->last->link.next = &m->link;
	else
		l->first = m;
	l->last = m;
	l->count++;
}

struct message *
message_list_take(struct message_list *l)
{
	struct message *m = l->first;

	assert(m != NULL);
	l->first = message_next(m);
	if (l->first == NULL)
		l->last = NULL;
	l->count--;
	m->link.next = NULL;
	return m;
}

void
message_list_put_before(struct message_list *l, struct message_list *front)
{
	if (front->first == NULL)
		return;
	front->last->link.next = l->first != NULL ? &l->first->link : NULL;
	l->first = front->first;
	if (l->last == NULL)
		l->last = front->last;
	l->count += front->count;
	*front = (struct message_list){ 0 };
}
