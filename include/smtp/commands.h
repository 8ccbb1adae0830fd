/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each verb does, in the file named after it. argument is what stands
 * behind the verb; the reply goes to out. */
#ifndef SMTP_COMMANDS_H
#define SMTP_COMMANDS_H

#include "smtp/session_state.h"

/* Runs one command line, which has no CRLF, as the order of commands allows. */
void verbs_run(struct session *s, struct view line, struct buf *out);

void hello_ehlo(struct session *s, struct view argument, struct buf *out);
void hello_helo(struct session *s, struct view argument, struct buf *out);
void hello_starttls(struct session *s, struct view argument, struct buf *out);
void hello_xclient(struct session *s, struct view argument, struct buf *out);
void sender_run(struct session *s, struct view argument, struct buf *out);
void recipient_run(struct session *s, struct view argument, struct buf *out);
void content_data(struct session *s, struct view argument, struct buf *out);
void content_bdat(struct session *s, struct view argument, struct buf *out);

/* Takes message bytes while the mode is not MODE_LINES; returns how many. */
size_t content_feed(struct session *s, struct view bytes, struct buf *out);

/* The argument of BDAT: "chunk-size [LAST]" (RFC 3030 2). */
enum chunk_fault {
	CHUNK_GOOD,
	CHUNK_BAD,              /* none of it can be read: a bad argument */
	CHUNK_HUGE              /* a number that no transfer reaches */
};

/* Both results are left untouched on a fault. */
enum chunk_fault content_parse_chunk(struct view argument, size_t *size_out,
				     bool *is_last_out);

#endif
