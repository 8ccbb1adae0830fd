/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A configuration file while it is taken apart. */
#ifndef CONFIG_PARSER_H
#define CONFIG_PARSER_H

#include "config/lexer.h"
#include "config/reading.h"

/* One file being read. */
struct cursor {
	struct scanner scanner;
	struct token next;              /* one token ahead */
	unsigned file;
	unsigned depth;                 /* of includes */
};

/* What is being read: a file, or a section of one. */
struct scope {
	const struct section *section;  /* NULL: one that nobody knows */
	int block;                      /* in reading.blocks, or -1 */
	unsigned depth;                 /* of sections */
	struct place start;
	bool is_top;                    /* outside of sections */
	bool is_file;                   /* ends with the file, not with "}" */
};

struct token cursor_advance(struct cursor *t);

/* A syntax error: what was wanted instead of the next token. Said once; nothing
 * is read after it. Returns false. */
bool cursor_give_up(struct reading *r, const struct cursor *t,
		    const char *wanted);

/* "limits.colour", cut where it is endless. */
enum { SHOWN_SIZE = 128 };
const char *scope_show(const struct scope *scope, struct view name,
		       char out[SHOWN_SIZE]);

/* One assignment; the mark, "=" or "+=", comes next. */
void setting_take(struct reading *r, struct cursor *t,
		  const struct scope *scope, struct token name);

/* Adds a token to the clean text, as one row or, with line breaks in a
 * string, more. */
void clean_emit(struct reading *r, struct view token, struct place at);

#endif
