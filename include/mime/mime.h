/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A raw message (RFC 5322, 2045-2049) to the columns derived from it. Right
 * on real mail, bounded on hostile: whatever it meets, there is a result. */
#ifndef MIME_MIME_H
#define MIME_MIME_H

#include "mail.h"
#include "mime/settings.h"

/* Which limits a message met, as bits of mail.limits_met. */
enum mime_limit {
	MIME_LIMIT_HEADER_LINES = 1 << 0,
	MIME_LIMIT_HEADER_BYTES = 1 << 1,
	MIME_LIMIT_HEADER_FIELD = 1 << 2,
	MIME_LIMIT_HEADER_COLONS = 1 << 3,
	MIME_LIMIT_BOUNDARY_LINES = 1 << 4,
	MIME_LIMIT_MULTIPARTS = 1 << 5,
	MIME_LIMIT_PARTS = 1 << 6,
	MIME_LIMIT_DEPTH = 1 << 7,
	MIME_LIMIT_CPU = 1 << 8
};

struct mime;

/* One reader a thread: holds the charset converters and scratch memory.
 * settings must outlive it. */
struct mime *mime_new(const struct mime_settings *settings);
void mime_free(struct mime **m);

/* Opens every charset converter of the whitelist, so that none is loaded
 * after the file system is closed to the process. Once, before threads. */
void mime_warm_up(void);

/* Fills mail's derived columns from message->raw. Views of the result live
 * in arena or in static memory. Never fails. */
void mime_read(struct mime *m, const struct message *message,
	       struct arena *arena, struct mail *mail);

/* The same from a plain scan of the first header lines, without any parser:
 * for a message that may have killed a worker before. */
void mime_read_plain(const struct message *message, struct arena *arena,
		     struct mail *mail);

#endif
