/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages in the order in which they came, by their own links. */
#ifndef WORKER_MESSAGE_LIST_H
#define WORKER_MESSAGE_LIST_H

#include "mail.h"

struct message_list {
	struct message *first;
	struct message *last;
	size_t count;
};

static inline struct message *
message_next(const struct message *m)
{
	return (struct message *)m->link.next;  /* its first member */
}

void message_list_append(struct message_list *l, struct message *m);

/* Takes the first one out; there is one. */
struct message *message_list_take(struct message_list *l);

/* Moves all of front before what l holds; front is empty then. */
void message_list_put_before(struct message_list *l,
			     struct message_list *front);

#endif
