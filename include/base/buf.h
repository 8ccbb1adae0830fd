/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Growable bytes with a ceiling. Holds no memory while it is empty and has
 * been released, so that an idle connection costs nothing. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/view.h"

#include <stdarg.h>
#include <stdint.h>

struct buf {
	char *at;
	size_t len;
	size_t size;
	size_t ceiling;         /* most bytes it will hold */
};

#define BUF(most) ((struct buf){ .ceiling = (most) })

/* Frees the memory and leaves an empty buffer with the same ceiling. */
void buf_release(struct buf *b);

/* Appends; -1 with errno ENOBUFS, and nothing appended, beyond the ceiling. */
int buf_append(struct buf *b, struct view bytes);
int buf_append_text(struct buf *b, const char *text);
int buf_append_byte(struct buf *b, char c);

/* A number in decimal, with zeros in front up to so many digits. */
int buf_append_number(struct buf *b, int64_t number, size_t digits);

/* As printf, appended. */
int buf_printf(struct buf *b, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int buf_vprintf(struct buf *b, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

/* Makes room for n more bytes and returns where they go (the caller then
 * raises len); NULL with errno ENOBUFS beyond the ceiling. */
char *buf_reserve(struct buf *b, size_t n);

/* Takes n bytes away from the front. */
void buf_consume(struct buf *b, size_t n);

/* All it holds; valid until the buffer is next changed. */
struct view buf_view(const struct buf *b);

#endif
