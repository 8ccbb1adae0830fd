/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Growable bytes with a ceiling. */
#include "base/buf.h"

#include "base/memory.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SMALLEST = 128, NUMBER_SIZE = 24 };

void
buf_release(struct buf *b)
{
	free(b->at);
	b->at = NULL;
	b->len = 0;
	b->size = 0;
}

char *
buf_reserve(struct buf *b, size_t n)
{
	assert(b->len <= b->size);
	if (b->len > b->ceiling || n > b->ceiling - b->len) {
		errno = ENOBUFS;
		return NULL;
	}
	if (n > b->size - b->len) {
		size_t size = b->size > 0 ? b->size : SMALLEST;
		while (size < b->len + n && size <= b->ceiling / 2)
			size *= 2;
		if (size < b->len + n || size > b->ceiling)
			size = b->ceiling;
		b->at = memory_resize(b->at, size);
		b->size = size;
	}
	return b->at + b->len;
}

int
buf_append(struct buf *b, struct view bytes)
{
	if (bytes.len == 0)
		return 0;
	char *where = buf_reserve(b, bytes.len);
	if (where == NULL)
		return -1;
	memcpy(where, bytes.at, bytes.len);
	b->len += bytes.len;
	return 0;
}

int
buf_append_text(struct buf *b, const char *text)
{
	return buf_append(b, view_of(text));
}

int
buf_append_byte(struct buf *b, char c)
{
	return buf_append(b, (struct view){ &c, 1 });
}

/* Without printf, which costs ten times as much: a line of the log has a
 * dozen of them. */
int
buf_append_number(struct buf *b, int64_t number, size_t digits)
{
	char text[NUMBER_SIZE];
	size_t at = sizeof(text);
	uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;

	assert(digits < sizeof(text));
	do {
		text[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0 || sizeof(text) - at < digits);
	if (number < 0)
		text[--at] = '-';
	return buf_append(b, (struct view){ text + at, sizeof(text) - at });
}

int
buf_vprintf(struct buf *b, const char *format, va_list args)
{
	size_t room = b->size - b->len;
	va_list again;

	/* Here and now, where it fits: vsnprintf wants room for its NUL, which
	 * we do not keep. */
	va_copy(again, args);
	int len = vsnprintf(room > 0 ? b->at + b->len : NULL, room, format,
			    again);
	va_end(again);
	assert(len >= 0);
	char *where = buf_reserve(b, (size_t)len + 1);
	if (where == NULL)
		return -1;
	if ((size_t)len >= room)
		vsnprintf(where, (size_t)len + 1, format, args);
	b->len += (size_t)len;
	return 0;
}

int
buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int result = buf_vprintf(b, format, args);
	va_end(args);
	return result;
}

void
buf_consume(struct buf *b, size_t n)
{
	assert(n <= b->len);
	if (n == 0)
		return;
	memmove(b->at, b->at + n, b->len - n);
	b->len -= n;
}

struct view
buf_view(const struct buf *b)
{
	return (struct view){ b->at, b->len };
}
