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

static bool
has_right_title(struct reading *r, const struct section *section,
		const struct token *title, struct place at)
{
	bool has_title = title->kind != TOKEN_END;

	if (section->has_title == has_title)
		return true;
	if (has_title)
		faults_add(&r->faults, at, section->name, "takes no name");
	else
		faults_add(&r->faults, at, section->name, "needs %s",
			   section->title);
	return false;
}

static int
add_block(struct reading *r, const struct section *section, struct place at)
{
	r->blocks = memory_grow(r->blocks, r->block_count, sizeof(*r->blocks));
	r->blocks[r->block_count] = (struct block){ section, NULL, at };
	return (int)r->block_count++;
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
	inner.section = known_section(r, scope, &name, at);
	if (inner.section != NULL &&
	    !has_right_title(r, inner.section, &title, at))
		inner.section = NULL;
	if (inner.section == NULL) {
		read_statements(r, t, &inner);
		return;
	}
	clean_emit(r, name.text, at);
	clean_emit_text(r, "{", at);
	if (inner.section->has_title) {
		inner.block = add_block(r, inner.section, at);
		clean_emit_text(r, "title", at);
		clean_emit_text(r, "=", at);
		clean_emit(r, title.text, at);
	}
	read_statements(r, t, &inner);
	clean_emit_text(r, "}", at);
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

static void
read_statement(struct reading *r, struct cursor *t, const struct scope *scope)
{
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
		read_statement(r, t, scope);
	}
}

void
parser_read(struct reading *r, const char *file)
{
	struct buf bytes = BUF(LARGEST_FILE);
	struct cursor t = { .file = reading_add_name(r, file) };
	struct scope top = { .section = section_at(0), .block = -1,
			     .is_top = true, .is_file = true };

	r->clean = BUF(LARGEST_CLEAN);
	struct named_file named = { { 0, 1 }, NULL, file };
	if (!reading_load(r, &named, &bytes)) {
		r->is_cut = true;
		return;
	}
	t.scanner = (struct scanner){ buf_view(&bytes), 1 };
	cursor_advance(&t);
	read_statements(r, &t, &top);
	reading_wipe(&bytes);
}

void
parser_read_line(struct reading *r, unsigned file, struct view line)
{
	struct cursor t = { .scanner = { line, 1 }, .file = file };
	struct scope top = { .section = section_at(0), .block = -1,
			     .is_top = true, .is_file = true };

	r->clean.len = 0;
	r->row_count = r->setting_count = r->block_count = 0;
	r->is_cut = false;
	cursor_advance(&t);
	read_statements(r, &t, &top);
}
