/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session and its surroundings, begun and ended for each test. */
#ifndef SUPPORT_SMTP_WORLD_H
#define SUPPORT_SMTP_WORLD_H

#include "smtp/session.h"

#include "support/smtp_fixture.h"

struct world {
	struct smtp_fixture f;
	struct session *s;
	struct buf out;
};

/* EHLO, MAIL and RCPT, all accepted. */
extern const char envelope[];

/* For cmocka, whose state a struct world is. */
int smtp_world_begin(void **state);
int smtp_world_end(void **state);

/* Feeds all; what is said is forgotten, besides the last reply's class. */
char say(struct world *w, const char *text);

#endif
