/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Content-Transfer-Encoding (RFC 2045 6), undone piece by piece and as
 * leniently as mail readers do it. */
#ifndef MIME_TRANSFER_H
#define MIME_TRANSFER_H

#include "base/view.h"

#include <stdint.h>

enum transfer_encoding { TRANSFER_PLAIN, TRANSFER_BASE64, TRANSFER_QUOTED };

struct transfer {
	enum transfer_encoding encoding;
	uint32_t bits;          /* base64: digits not yet written */
	unsigned digits;
	bool is_padded;         /* a '=' was seen: is there more? */
	bool is_ended;
	size_t line_start;      /* in the output: where this line's begins */
	char held[8];           /* quoted-printable: '=' and what follows */
	unsigned held_len;
};

/* The encoding a field's value names; plain for what we do not know. */
enum transfer_encoding transfer_named(struct view value);

void transfer_init(struct transfer *t, enum transfer_encoding encoding);

/* Decodes from the front of *in into out, which has room bytes (at least
 * 16), and takes what was used from *in. Returns the bytes written. */
size_t transfer_decode(struct transfer *t, struct view *in, char *out,
		       size_t room);

/* What was held back at the end of the input; out has 16 bytes of room. */
size_t transfer_finish(struct transfer *t, char *out);

#endif
