/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The columns that come from a message's own header fields. */
#ifndef MIME_COLUMNS_H
#define MIME_COLUMNS_H

#include "mail.h"
#include "mime/convert.h"
#include "mime/settings.h"

/* Longer values are cut before they are read. */
enum { COLUMNS_ADDRESS = 2000, COLUMNS_TEXT = 4000 };

struct columns {
	const struct mime_settings *settings;
	struct charsets *sets;
	struct arena *arena;
	enum charset hint;      /* of raw 8-bit text: the body's */
	bool has_recipients;    /* a To, Cc, ... field names somebody */
};

/* Fills from, subject, message_id, reply_to, sender and addressed of mail
 * from a block of fields. from stays as it is where no From has an address;
 * limits_met of mail gets a bit where an address field has too many colons. */
void columns_read(struct columns *c, struct view block, struct mail *mail);

/* A copy in the arena, its ASCII letters in lower case. */
struct view columns_lower(struct arena *arena, struct view v);

#endif
