/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of a struct message. */
#ifndef SMTP_MESSAGE_H
#define SMTP_MESSAGE_H

#include "mail.h"

/* Empty, charged to budget (which may be NULL) with all it will hold; NULL
 * where the budget is exhausted. */
struct message *message_new(struct budget *budget);

/* Frees *m and sets it to NULL; takes NULL. */
void message_free(struct message **m);

/* Rows that it will have: one for each recipient that is kept. */
size_t message_rows(const struct message *m);

#endif
