/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of a configuration file, and the lines they stand in. */
#ifndef CONFIG_LEXER_H
#define CONFIG_LEXER_H

#include "base/view.h"

enum token_kind {
	TOKEN_END,              /* of the file */
	TOKEN_WORD,             /* key, 25M, ${NAME} */
	TOKEN_STRING,           /* "..." or '...', quotes and all */
	TOKEN_MARK,             /* { } ( ) = += , */
	TOKEN_BAD               /* text then says what is wrong */
};

struct token {
	enum token_kind kind;
	struct view text;
	unsigned line;
};

struct scanner {
	struct view rest;
	unsigned line;          /* of rest's first byte, from 1 */
};

/* The next token; white space and comments are passed over. After TOKEN_BAD
 * or TOKEN_END the scanner does not move any more. */
struct token token_next(struct scanner *s);

bool token_is(const struct token *t, const char *mark);

/* A word or a string. */
bool token_is_value(const struct token *t);

#endif
