/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text being made: valid UTF-8 without NUL, whatever is put in, up to a size
 * that is cut at a character; and bytes of a charset to it, piece by piece. */
#ifndef MIME_CONVERT_H
#define MIME_CONVERT_H

#include "mime/charset.h"

struct text {
	char *at;
	size_t len;
	size_t room;
	bool is_full;           /* something did not fit */
};

/* How many bytes at the end of v begin a character that is not complete. */
size_t text_open_tail(struct view v);

/* iconv descriptors are kept: opening one costs more than most conversions. */
struct charsets;

/* For one thread; each descriptor is opened when it is first needed. */
struct charsets *charsets_new(void);
void charsets_free(struct charsets **c);

/* Opens every charset once and keeps it open: iconv loads its code from
 * files, which a closed-off process cannot. */
void charsets_warm_up(void);

struct converter {
	void *cd;               /* iconv's, of sets; NULL: UTF-8 */
	struct text *out;
	enum charset charset;
	size_t unit;            /* bytes that a fault skips */
	char held[8];           /* begin a character that is not complete */
	size_t held_len;
	size_t errors;
	unsigned shift;         /* state of those that our own code decodes */
};

/* The text goes to out. What cannot be decoded becomes U+FFFD; a charset that
 * nobody knows is taken for UTF-8. One converter of sets for each charset at a
 * time: they share its descriptor. */
void converter_init(struct converter *c, struct charsets *sets,
		    enum charset charset, struct text *out);

/* The next bytes, cut anywhere; what is not complete waits for more. */
void converter_feed(struct converter *c, struct view bytes);

/* No more bytes follow: what waits cannot be decoded. */
void converter_end(struct converter *c);

/* All three in one. */
void convert_text(struct charsets *sets, enum charset charset,
		  struct view bytes, struct text *out);

/* Whether the bytes can be decoded without loss. */
bool convert_is_clean(struct charsets *sets, enum charset charset,
		      struct view bytes);

#endif
