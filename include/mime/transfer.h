/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Content-Transfer-Encoding (RFC 2045 6) and uuencode, undone piece by piece
 * and as leniently as mail readers do it. */
#ifndef MIME_TRANSFER_H
#define MIME_TRANSFER_H

#include "base/view.h"

#include <stdint.h>

enum transfer_encoding { TRANSFER_PLAIN, TRANSFER_BASE64, TRANSFER_QUOTED,
			 TRANSFER_UUENCODE };

/* Room that decoding needs to go on, and finishing at most. */
enum { TRANSFER_ROOM = 128, TRANSFER_HELD = 80 };

struct transfer {
	enum transfer_encoding encoding;
	int state;              /* GMime's; of base64, how many digits wait */
	uint32_t bits;          /* as well: those digits, not yet written */
	bool is_padded;         /* base64: a '=' was seen: is there more? */
	bool is_begun;          /* uuencode: the line "begin ..." was seen */
	bool is_ended;
	char held[TRANSFER_HELD];       /* base64: a line behind padding;
				 * quoted-printable: '=' and what follows;
				 * uuencode: how a line begins */
	unsigned held_len;
};

/* The encoding a field's value names; plain for what we do not know. */
enum transfer_encoding transfer_named(struct view value);

/* Begins a text; one that was not finished is forgotten. */
void transfer_init(struct transfer *t, enum transfer_encoding encoding);

/* Decodes from the front of *in into out, which has room bytes (at least
 * TRANSFER_ROOM), and takes what was used from *in. Returns how many bytes
 * were written. */
size_t transfer_decode(struct transfer *t, struct view *in, char *out,
		       size_t room);

/* What was held back at the end of the input; out has TRANSFER_ROOM bytes. */
size_t transfer_finish(struct transfer *t, char *out);

#endif
