/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of all keys: what each may hold, its default, and the field of
 * struct config that it fills. */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#include "base/view.h"

#include <stdint.h>

enum key_kind {
	KEY_TEXT,               /* const char *; any text */
	KEY_FILE,               /* const char *; relative to its own file */
	KEY_PATH,               /* const char *; absolute or "" */
	KEY_FLAG,               /* bool; true, false or one of words */
	KEY_COUNT,              /* size_t; a plain number */
	KEY_SIZE,               /* size_t; bytes, K M G */
	KEY_DURATION,           /* int64_t; milliseconds; s m h d */
	KEY_SCORE,              /* double */
	KEY_MODE,               /* unsigned; octal */
	KEY_WORD,               /* an enum or int; one of words */
	KEY_LIST                /* struct strings */
};

struct key_word {
	const char *name;       /* NULL ends a list */
	unsigned value;
};

struct key {
	const char *section;    /* "" at the top level */
	const char *name;
	enum key_kind kind;
	size_t offset;          /* in struct config; for keys of listen and
				 * tls_name in that block's own struct */
	const char *value;      /* the default, as one would write it */
	int64_t min, max;       /* COUNT, SIZE (bytes), DURATION (ms), SCORE */
	bool may_be_zero;       /* 0 too, though it is below min */
	bool is_secret;         /* printed as "" */
	const struct key_word *words;
	const char *const *values;      /* the default of a list; NULL ends */
};

struct section {
	const char *name;       /* "": the top level */
	bool has_title;         /* and may be repeated: listen, tls_name */
	const char *title;      /* what the title is, for the one who erred */
};

/* All sections, the top level first, and all keys, in the order in which -T
 * prints them; a name of NULL ends each. */
extern const struct section section_table[];
extern const struct key key_table[];

/* NULL where there is none of that name. */
const struct section *section_find(struct view name);
const struct key *key_find(const char *section, struct view name);

/* The section of some other key with this name; NULL without one. */
const char *key_section_elsewhere(struct view name);

/* The key of that section (or, in section "", the section) whose name is
 * nearest to one that is not known; NULL where none is near. */
const char *key_nearest(const char *section, struct view name);

/* "limits.memory" or "workers", into out (size bytes). */
const char *key_full_name(const struct key *k, char *out, size_t size);

enum { KEY_NAME_SIZE = 64 };

#endif
