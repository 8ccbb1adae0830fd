/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One key's text to the field it fills, and back. */
#ifndef CONFIG_FIELD_H
#define CONFIG_FIELD_H

#include "base/buf.h"
#include "config/keys.h"

/* base is the struct that key->offset counts from. False, with a sentence
 * appended to why and the field untouched, where text is no such value.
 * text must live as long as the struct. Not for lists. */
bool field_set(void *base, const struct key *key, const char *text,
	       struct buf *why);

enum { FIELD_WHY_SIZE = 1024 };

#endif
