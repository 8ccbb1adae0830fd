/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration file taken apart: which keys it gives, where, and how
 * often. libconfuse would stop at the first unknown key, forget the file
 * inside a section, and let a listener silently replace its double. */
#include "config/parser.h"

#include "base/memory.h"

enum {
	LARGEST_FILE = 4 * 1024 * 1024,
	LARGEST_CLEAN = 64 * 1024 * 1024,
	DEEPEST_INCLUDE = 10,
	DEEPEST_SECTION = 20,
	MOST_FILES = 1000
};

static void read_statements(struct reading *r, struct cursor *t,
			    const struct scope *scope);

static const struct section *
known_section(struct reading *r, const struct scope *scope,
	      const struct token *name, struct place at)
{
	const struct section *found = NULL;
	char shown[SHOWN_SIZE];

	if (scope->section == NULL)
		return NULL;
	if (scope->is_top && name->text.len > 0)
		found = section_find(name->text);
	if (found != NULL)
		return found;
	bool is_key = key_find(scope->section->name, name->text) != NULL;
	const char *nearest = key_nearest(scope->section->name, name->text);
	scope_show(scope, name->text, shown);
	if (is_key)
		faults_add(&r->faults, at, shown, "is a key, not a section");
	else if (scope->is_top && nearest != NULL)
		faults_add(&r->faults, at, shown, "unknown section; %s?",
			   nearest);
	else
		faults_add(&r->faults, at, shown, "unknown section");
	return NULL;
}

/* What follows may be lines away: the name is where the fault is. */
static void
refuse_half(struct reading *r, const struct cursor *t,
	    const struct token *name)
{
	struct place at = { t->file, name->line };
	int shown = name->text.len > 60 ? 60 : (int)name->text.len;

	if (r->is_cut || t->next.kind == TOKEN_BAD) {
		cursor_give_up(r, t, "");
		return;
	}
	r->is_cut = true;
	if (name->text.at[0] == ';')
		faults_add(&r->faults, at, NULL, "syntax error: %.*s: nothing "
			   "ends with a semicolon", shown, name->text.at);
	else
		faults_add(&r->faults, at, NULL, "syntax error: %.*s: %s was "
			   "expected behind it", shown, name->text.at,
			   section_find(name->text) != NULL ? "\"{\"" :
			   "\"=\"");
}

static void
take_section(struct reading *r, struct cursor *t, const struct scope *scope,
	     struct token name)
{
	struct place at = { t->file, name.line };
	struct token title = { .kind = TOKEN_END };
	struct scope inner = { .block = -1, .depth = scope->depth + 1,
			       .start = at };

	if (token_is_value(&t->next))
		title = cursor_advance(t);
	if (!token_is(&t->next, "{")) {
		refuse_half(r, t, &name);
		return;
	}
	if (inner.depth > DEEPEST_SECTION) {
		cursor_give_up(r, t, "sections in sections end here");
		return;
	}
	cursor_advance(t);
	const struct section *section = known_section(r, scope, &name, at);
	bool has_title = title.kind != TOKEN_END;
	if (section != NULL && section->has_title == has_title)
		inner.section = section;
	else if (section != NULL && has_title)
		faults_add(&r->faults, at, section->name, "takes no name");
	else if (section != NULL)
		faults_add(&r->faults, at, section->name, "needs %s",
			   section->title);
	if (inner.section == NULL) {
		read_statements(r, t, &inner);
		return;
	}
	clean_emit(r, name.text, at);
	clean_emit(r, VIEW("{"), at);
	if (has_title) {
		r->blocks = memory_grow(r->blocks, r->block_count,
					sizeof(*r->blocks));
		inner.block = (int)r->block_count++;
		r->blocks[inner.block] = (struct block){ section, NULL, at };
		clean_emit(r, VIEW("title"), at);
		clean_emit(r, VIEW("="), at);
		clean_emit(r, title.text, at);
	}
	read_statements(r, t, &inner);
	clean_emit(r, VIEW("}"), at);
}

unsigned
reading_add_name(struct reading *r, const char *path)
{
	r->names = memory_grow(r->names, r->name_count, sizeof(*r->names));
	r->names[r->name_count] =
		arena_copy(&r->config->arena, view_of(path)).at;
	return (unsigned)r->name_count++;
}

static void
include(struct reading *r, const struct cursor *from, const struct scope *scope,
	struct view raw)
{
	struct place at = { from->file, from->next.line };
	struct buf bytes = BUF(LARGEST_FILE);
	struct scope inner = *scope;

	if (from->depth == DEEPEST_INCLUDE || r->name_count >= MOST_FILES) {
		faults_add(&r->faults, at, "include", "nested too deeply");
		r->is_cut = true;
		return;
	}
	const char *path = string_value_decode(&r->config->arena, raw);
	if (path == NULL || path[0] == '\0') {
		faults_add(&r->faults, at, "include", "needs a file name");
		return;
	}
	path = reading_resolve(r, from->file, path);
	struct named_file named = { at, "include", path };
	if (!reading_load(r, &named, &bytes))
		return;
	struct cursor t = { .scanner = { buf_view(&bytes), 1 },
			    .file = reading_add_name(r, path),
			    .depth = from->depth + 1 };
	cursor_advance(&t);
	inner.is_file = true;
	read_statements(r, &t, &inner);
	reading_wipe(&bytes);
}

static void
take_call(struct reading *r, struct cursor *t, const struct scope *scope,
	  struct token name)
{
	cursor_advance(t);
	if (!token_is_value(&t->next)) {
		cursor_give_up(r, t, "a file name was expected");
		return;
	}
	struct token argument = cursor_advance(t);
	if (!token_is(&t->next, ")")) {
		cursor_give_up(r, t, "\")\" was expected");
		return;
	}
	if (!view_equal(name.text, VIEW("include")))
		faults_add(&r->faults, (struct place){ t->file, name.line },
			   NULL, "%.*s: unknown function; include() is known",
			   name.text.len > 60 ? 60 : (int)name.text.len,
			   name.text.at);
	else
		include(r, t, scope, argument.text);
	cursor_advance(t);
}

/* Up to the end of the file, or of the section that was opened in it. */
static void
read_statements(struct reading *r, struct cursor *t, const struct scope *scope)
{
	while (!r->is_cut) {
		if (t->next.kind == TOKEN_END && scope->is_file)
			return;
		if (t->next.kind == TOKEN_END) {
			faults_add(&r->faults, scope->start, NULL,
				   "syntax error: a section is not closed");
			r->is_cut = true;
			return;
		}
		if (token_is(&t->next, "}") && !scope->is_file) {
			cursor_advance(t);
			return;
		}
		if (t->next.kind != TOKEN_WORD) {
			cursor_give_up(r, t, "a key was expected");
			return;
		}
		struct token name = cursor_advance(t);
		if (token_is(&t->next, "=") || token_is(&t->next, "+="))
			setting_take(r, t, scope, name);
		else if (token_is(&t->next, "("))
			take_call(r, t, scope, name);
		else if (token_is(&t->next, "{") || token_is_value(&t->next))
			take_section(r, t, scope, name);
		else
			refuse_half(r, t, &name);
	}
}

static void
read_text(struct reading *r, unsigned file, struct view text)
{
	struct cursor t = { .scanner = { text, 1 }, .file = file };
	struct scope top = { .section = section_table, .block = -1,
			     .is_top = true, .is_file = true };

	cursor_advance(&t);
	read_statements(r, &t, &top);
}

void
parser_read(struct reading *r, const char *file)
{
	struct buf bytes = BUF(LARGEST_FILE);
	struct named_file named = { { 0, 1 }, NULL, file };
	unsigned number = reading_add_name(r, file);

	r->clean = BUF(LARGEST_CLEAN);
	if (!reading_load(r, &named, &bytes)) {
		r->is_cut = true;
		return;
	}
	read_text(r, number, buf_view(&bytes));
	reading_wipe(&bytes);
}

void
parser_read_line(struct reading *r, unsigned file, struct view line)
{
	r->clean.len = 0;
	r->row_count = r->setting_count = r->block_count = 0;
	r->is_cut = false;
	read_text(r, file, line);
}
