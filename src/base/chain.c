/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes of a message as a chain of pieces. The first piece fits the
 * common small mail; later ones are large enough to be few. */
#include "base/chain.h"

#include <stdlib.h>
#include <string.h>

/* With the piece's own fields and the allocator's, just under a power of
 * two. */
enum {
	FIRST_PIECE = 8 * 1024 - 64,
	LARGEST_PIECE = 256 * 1024 - 64
};

bool
chain_append(struct chain *c, struct view bytes)
{
	while (bytes.len > 0) {
		struct piece *p = c->last;
		if (p == NULL || p->len == p->size) {
			size_t size = FIRST_PIECE;
			if (p != NULL)
				size = c->len * 2 < LARGEST_PIECE
					? c->len * 2 : LARGEST_PIECE;
			if (!budget_take(c->budget, size))
				return false;
			p = memory_resize(NULL, sizeof(*p) + size);
			p->next = NULL;
			p->len = 0;
			p->size = size;
			*(c->last != NULL ? &c->last->next : &c->first) = p;
			c->last = p;
		}
		size_t n = p->size - p->len;
		if (n > bytes.len)
			n = bytes.len;
		memcpy(p->bytes + p->len, bytes.at, n);
		p->len += n;
		c->len += n;
		bytes = view_slice(bytes, n, bytes.len);
	}
	return true;
}

void
chain_free(struct chain *c)
{
	while (c->first != NULL) {
		struct piece *p = c->first;
		c->first = p->next;
		budget_give(c->budget, p->size);
		free(p);
	}
	c->last = NULL;
	c->len = 0;
}

size_t
chain_copy(const struct chain *c, size_t from, size_t n, char *where)
{
	size_t copied = 0;

	for (struct piece *p = c->first; p != NULL && n > 0; p = p->next) {
		if (from >= p->len) {
			from -= p->len;
			continue;
		}
		size_t part = p->len - from < n ? p->len - from : n;
		memcpy(where + copied, p->bytes + from, part);
		copied += part;
		n -= part;
		from = 0;
	}
	return copied;
}
