/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ends of line. Both searches are remembered, so that a block full of bare
 * CRs is not searched to its end for an LF at each of them. */
#include "smtp/newline.h"

#include <string.h>

static const char *
find(const char *from, const char *end, char c)
{
	size_t len = (size_t)(end - from);
	const char *found = len > 0 ? memchr(from, c, len) : NULL;

	return found != NULL ? found : end;
}

void
newline_begin(struct newline *n, struct view bytes)
{
	n->at = bytes.at;
	n->end = bytes.at + bytes.len;
	n->lf = find(n->at, n->end, '\n');
	n->cr = find(n->at, n->lf, '\r');
	if (n->cr == n->lf)
		n->cr = find(n->lf, n->end, '\r');
}

/* The LF first, and the CR up to it: in clean text both are short. */
static void
look_ahead(struct newline *n)
{
	if (n->lf < n->at)
		n->lf = find(n->at, n->end, '\n');
	if (n->cr >= n->at)
		return;
	n->cr = find(n->at, n->lf, '\r');
	if (n->cr == n->lf)
		n->cr = find(n->lf, n->end, '\r');
}

enum newline_kind
newline_next(struct newline *n)
{
	look_ahead(n);
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
