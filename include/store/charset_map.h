/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which characters a character set of the database has, as the database
 * itself converts them: in strict mode it refuses the others. */
#ifndef STORE_CHARSET_MAP_H
#define STORE_CHARSET_MAP_H

#include "base/view.h"

#include <stdint.h>

enum { CHARSET_MAP_CHARS = 0x10000, CHARSET_NAME_SIZE = 64 };

/* One bit for each character of the Basic Multilingual Plane. */
struct charset_map {
	struct charset_map *next;
	char name[CHARSET_NAME_SIZE];
	uint8_t bits[CHARSET_MAP_CHARS / 8];
};

bool charset_map_has(const struct charset_map *m, uint32_t code);

/* ASCII: what every character set has that a table may use. */
void charset_map_init(struct charset_map *m, struct view name);

/* Compares text with what came back from a conversion there and back, and
 * notes the characters that did. */
void charset_map_learn(struct charset_map *m, struct view sent,
		       struct view came_back);

bool charset_map_covers(const struct charset_map *m, struct view utf8);

/* Puts a mark (U+FFFD or, where there is none, '?') in place of what the
 * character set lacks; returns the new length, which is not more than len.
 * utf8 must be valid. */
size_t charset_map_apply(const struct charset_map *m, char *utf8, size_t len);

#endif
