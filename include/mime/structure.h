/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of a message (RFC 2045, 2046): one linear pass over its bytes
 * that keeps where each part lies and what its fields say, under limits. */
#ifndef MIME_STRUCTURE_H
#define MIME_STRUCTURE_H

#include "mime/header.h"
#include "mime/transfer.h"

enum part_kind {
	PART_HTML,
	PART_PLAIN,
	PART_TEXT,              /* text of another type */
	PART_IMAGE,
	PART_OTHER,
	PART_MULTIPART,         /* its parts follow in the list */
	PART_MESSAGE            /* the message inside follows in the list */
};

struct part {
	struct view type;       /* "text/html", lower case */
	struct view charset;    /* declared, lower case; empty without one */
	enum part_kind kind;
	enum transfer_encoding encoding;
	unsigned messages;      /* how many message/rfc822 are around it */
	bool is_attachment;
	bool is_inline;         /* says so, or says nothing */
	bool has_name;
	bool has_id;
	bool is_closed;         /* to is known */
	bool is_unopened;       /* a container beyond a limit */
	size_t from;            /* content, as offsets in the message */
	size_t to;
};

struct frame;

struct structure {
	const struct mime_settings *limits;
	struct arena *arena;
	struct lines lines;
	struct part *parts;     /* in document order; kept for the next one */
	size_t count;
	size_t size;
	struct frame *frames;   /* what is open, outermost first */
	size_t depth;
	uint64_t starts;        /* bytes that open boundaries begin with */
	size_t multiparts;
	size_t delimiters;
	struct view header;     /* the message's own fields */
	unsigned limits_met;
	bool is_at_header;
	bool is_done;
};

/* Begins to read a message. Views of the result are in it or in arena. */
void structure_begin(struct structure *s, const struct chain *raw,
		     struct arena *arena);

/* Reads on until the offset is passed or the message is done. */
void structure_read(struct structure *s, size_t until);

/* Goes on at this offset, in the same part: what is between is its content. */
void structure_skip(struct structure *s, size_t offset);

/* Whether what is read last is the content of one part; NULL if not. */
const struct part *structure_open_part(const struct structure *s);

/* Ends all that is open, where reading stopped. */
void structure_end(struct structure *s);

#endif
