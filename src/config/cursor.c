/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One file being read, a token ahead, and the clean text made from it. */
#include "config/parser.h"

#include "base/memory.h"

struct token
cursor_advance(struct cursor *t)
{
	struct token taken = t->next;

	t->next = token_next(&t->scanner);
	return taken;
}

bool
cursor_refuse(struct reading *r, const struct cursor *t,
	      const struct token *got, const char *wanted)
{
	struct place at = { t->file, got->line };

	if (r->is_cut)
		return false;
	r->is_cut = true;
	if (got->kind == TOKEN_BAD)
		faults_add(&r->faults, at, NULL, "syntax error: %.*s",
			   (int)got->text.len, got->text.at);
	else if (got->kind == TOKEN_END)
		faults_add(&r->faults, at, NULL,
			   "syntax error: %s, but the file ends", wanted);
	else
		faults_add(&r->faults, at, NULL, "syntax error: %s, not %.*s",
			   wanted,
			   got->text.len > 60 ? 60 : (int)got->text.len,
			   got->text.at);
	return false;
}

bool
cursor_give_up(struct reading *r, const struct cursor *t, const char *wanted)
{
	return cursor_refuse(r, t, &t->next, wanted);
}

void
clean_emit(struct reading *r, struct view token, struct place at)
{
	if (buf_append(&r->clean, token) != 0 ||
	    buf_append_byte(&r->clean, '\n') != 0) {
		if (!r->is_cut)
			faults_add(&r->faults, at, NULL,
				   "the configuration is too large");
		r->is_cut = true;
		return;
	}
	/* A row of the clean text for each line break in a string, too. */
	for (size_t i = 0; i <= token.len; i++) {
		if (i < token.len && token.at[i] != '\n')
			continue;
		r->rows = memory_grow(r->rows, r->row_count, sizeof(*r->rows));
		r->rows[r->row_count++] = at;
	}
}

void
clean_emit_text(struct reading *r, const char *token, struct place at)
{
	clean_emit(r, view_of(token), at);
}
