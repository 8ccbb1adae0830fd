/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The end-of-data machine. Text is found in runs as long as the block given:
 * a run ends only at a dot that begins a line, which is never part of the
 * message (RFC 5321 4.5.2: it is either stuffing or the end). */
#include "smtp/data.h"

#include <string.h>

/* ---- Ends of line -------------------------------------------------------- */

/* Those in a block, and what only looks like one: a CR or an LF alone
 * (RFC 5321 2.3.8). Both searches are remembered, so that a block full of bare
 * CRs is not searched to its end for an LF at each of them. */
struct newline {
	const char *at;         /* behind what was found last */
	const char *end;
	const char *cr;         /* next CR and LF at or behind at, or end */
	const char *lf;
};

enum newline_kind {
	NEWLINE_NONE,           /* no CR or LF is left; at is the end */
	NEWLINE_CRLF,
	NEWLINE_BARE,           /* a CR or an LF alone */
	NEWLINE_OPEN            /* the last byte is CR: what follows decides */
};

static const char *
find(const char *from, const char *end, char c)
{
	size_t len = (size_t)(end - from);
	const char *found = len > 0 ? memchr(from, c, len) : NULL;

	return found != NULL ? found : end;
}

static void
newline_begin(struct newline *n, struct view bytes)
{
	n->at = bytes.at;
	n->end = bytes.at + bytes.len;
	n->lf = find(n->at, n->end, '\n');
	n->cr = find(n->at, n->lf, '\r');
	if (n->cr == n->lf)
		n->cr = find(n->lf, n->end, '\r');
}

/* Finds the next end of line and moves at behind it. */
static enum newline_kind
newline_next(struct newline *n)
{
	/* The LF first, and the CR up to it: in clean text both are short. */
	if (n->lf < n->at)
		n->lf = find(n->at, n->end, '\n');
	if (n->cr < n->at) {
		n->cr = find(n->at, n->lf, '\r');
		if (n->cr == n->lf)
			n->cr = find(n->lf, n->end, '\r');
	}
	if (n->cr == n->end && n->lf == n->end) {
		n->at = n->end;
		return NEWLINE_NONE;
	}
	if (n->lf < n->cr) {
		n->at = n->lf + 1;
		return NEWLINE_BARE;
	}
	if (n->cr + 1 == n->end) {
		n->at = n->end;
		return NEWLINE_OPEN;
	}
	if (n->cr + 1 == n->lf) {
		n->at = n->lf + 1;
		return NEWLINE_CRLF;
	}
	n->at = n->cr + 1;
	return NEWLINE_BARE;
}

/* ---- The machine --------------------------------------------------------- */

/* Text from n->at on; stops at the end of the block, or at a line that
 * begins with a dot. */
static void
run_through(struct data *d, struct newline *n)
{
	for (;;) {
		switch (newline_next(n)) {
		case NEWLINE_NONE:
			d->at = DATA_AT_TEXT;
			return;
		case NEWLINE_OPEN:
			d->at = DATA_AT_CR;
			return;
		case NEWLINE_BARE:
			d->has_bare_newline = true;
			break;
		case NEWLINE_CRLF:
			d->at = DATA_AT_LINE_START;
			if (n->at == n->end || *n->at == '.')
				return;
			break;
		}
		if (n->at == n->end) {
			d->at = DATA_AT_TEXT;
			return;
		}
	}
}

/* The byte behind a CR that ended the block before. */
static bool
closes_line(struct data *d, char next)
{
	if (next == '\n')
		return true;
	d->has_bare_newline = true;
	return false;
}

static size_t
take_text(struct data *d, struct view bytes, struct view *text_out)
{
	struct newline n;
	size_t skip = 0;

	if (d->at == DATA_AT_CR && closes_line(d, bytes.at[0])) {
		d->at = DATA_AT_LINE_START;
		skip = 1;
		if (bytes.len == 1 || bytes.at[1] == '.') {
			*text_out = view_slice(bytes, 0, 1);
			return 1;
		}
	}
	newline_begin(&n, view_slice(bytes, skip, bytes.len));
	run_through(d, &n);
	*text_out = view_slice(bytes, 0, (size_t)(n.at - bytes.at));
	return text_out->len;
}

/* A line that began with a dot, which is dropped: CRLF ends the message;
 * anything else is text. The CR was kept back until now. */
static size_t
take_after_dot(struct data *d, struct view bytes, struct view *text_out)
{
	if (d->at == DATA_AT_DOT) {
		if (bytes.at[0] != '\r') {
			d->at = DATA_AT_TEXT;
			return 0;
		}
		d->at = DATA_AT_DOT_CR;
		return 1;
	}
	if (bytes.at[0] == '\n') {
		d->at = DATA_AT_END;
		return 1;
	}
	d->has_bare_newline = true;
	d->at = DATA_AT_TEXT;
	*text_out = VIEW("\r");
	return 0;
}

size_t
data_next(struct data *d, struct view bytes, struct view *text_out)
{
	*text_out = VIEW("");
	if (bytes.len == 0 || d->at == DATA_AT_END)
		return 0;
	if (d->at == DATA_AT_LINE_START && bytes.at[0] == '.') {
		d->at = DATA_AT_DOT;
		return 1;
	}
	if (d->at == DATA_AT_DOT || d->at == DATA_AT_DOT_CR)
		return take_after_dot(d, bytes, text_out);
	return take_text(d, bytes, text_out);
}

void
data_check(struct data *d, struct view bytes)
{
	struct newline n;

	if (bytes.len == 0)
		return;
	if (d->at == DATA_AT_CR && closes_line(d, bytes.at[0]))
		bytes = view_slice(bytes, 1, bytes.len);
	newline_begin(&n, bytes);
	d->at = DATA_AT_TEXT;
	for (;;) {
		enum newline_kind kind = newline_next(&n);
		if (kind == NEWLINE_BARE)
			d->has_bare_newline = true;
		if (kind == NEWLINE_OPEN)
			d->at = DATA_AT_CR;
		if (n.at == n.end)
			return;
	}
}
