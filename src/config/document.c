/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration file taken apart: which keys it gives, where, and how
 * often. libconfuse would stop at the first unknown key, forget the file
 * inside a section, and let a listener silently replace its double. */
#include "config/reading.h"

#include "config/list.h"
#include "config/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LARGEST_FILE = 4 * 1024 * 1024,
	LARGEST_CLEAN = 64 * 1024 * 1024,
	DEEPEST_INCLUDE = 10,
	DEEPEST_SECTION = 20,
	MOST_FILES = 1000,
	SHOWN_SIZE = 128
};

/* One file being read. */
struct text {
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

static struct place
here(const struct text *t)
{
	return (struct place){ t->file, t->next.line };
}

/* The bytes may hold a password. */
static void
wipe(struct buf *bytes)
{
	if (bytes->at != NULL)
		explicit_bzero(bytes->at, bytes->size);
	buf_release(bytes);
}

static struct token
advance(struct text *t)
{
	struct token taken = t->next;

	t->next = token_next(&t->scanner);
	return taken;
}

static bool
is_value(const struct token *t)
{
	return t->kind == TOKEN_WORD || t->kind == TOKEN_STRING;
}

/* A syntax error: said once, and nothing is read after it. */
static bool
give_up(struct reading *r, const struct text *t, const char *wanted)
{
	const struct token *got = &t->next;

	if (r->is_cut)
		return false;
	r->is_cut = true;
	if (got->kind == TOKEN_BAD)
		faults_add(&r->faults, here(t), NULL, "syntax error: %.*s",
			   (int)got->text.len, got->text.at);
	else if (got->kind == TOKEN_END)
		faults_add(&r->faults, here(t), NULL,
			   "syntax error: %s, but the file ends", wanted);
	else
		faults_add(&r->faults, here(t), NULL,
			   "syntax error: %s, not %.*s", wanted,
			   got->text.len > 60 ? 60 : (int)got->text.len,
			   got->text.at);
	return false;
}

/* ---- What libconfuse will be given --------------------------------------- */

static void
emit(struct reading *r, struct view token, struct place at)
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
		r->rows = list_grow(r->rows, r->row_count, sizeof(*r->rows));
		r->rows[r->row_count++] = at;
	}
}

static void
emit_text(struct reading *r, const char *token, struct place at)
{
	emit(r, view_of(token), at);
}

/* ---- key = value ----------------------------------------------------------- */

struct values {
	struct token *at;
	size_t count;
	bool is_list;
};

static bool
read_list(struct reading *r, struct text *t, struct values *v)
{
	advance(t);
	v->is_list = true;
	while (!token_is(&t->next, "}")) {
		if (!is_value(&t->next))
			return give_up(r, t, "a value was expected");
		v->at = list_grow(v->at, v->count, sizeof(*v->at));
		v->at[v->count++] = advance(t);
		if (token_is(&t->next, ","))
			advance(t);
		else if (!token_is(&t->next, "}"))
			return give_up(r, t, "\",\" or \"}\" was expected");
	}
	advance(t);
	return true;
}

static bool
read_values(struct reading *r, struct text *t, struct values *v)
{
	if (token_is(&t->next, "{"))
		return read_list(r, t, v);
	if (!is_value(&t->next))
		return give_up(r, t, "a value was expected");
	v->at = list_grow(v->at, v->count, sizeof(*v->at));
	v->at[v->count++] = advance(t);
	return true;
}

static void
add_setting(struct reading *r, struct setting setting, unsigned file,
	    const struct values *v)
{
	setting.count = v->count;
	setting.values = arena_alloc(&r->config->arena,
				     v->count * sizeof(*setting.values));
	emit_text(r, setting.key->name, setting.at);
	emit_text(r, setting.appends ? "+=" : "=", setting.at);
	if (v->is_list)
		emit_text(r, "{", setting.at);
	for (size_t i = 0; i < v->count; i++) {
		struct place at = { file, v->at[i].line };
		setting.values[i].at = at;
		if (i > 0)
			emit_text(r, ",", at);
		emit(r, v->at[i].text, at);
	}
	if (v->is_list)
		emit_text(r, "}", setting.at);
	r->settings = list_grow(r->settings, r->setting_count,
				sizeof(*r->settings));
	r->settings[r->setting_count++] = setting;
}

static const struct setting *
find_double(const struct reading *r, const struct setting *s)
{
	for (size_t i = 0; i < r->setting_count; i++)
		if (r->settings[i].key == s->key &&
		    r->settings[i].block == s->block)
			return &r->settings[i];
	return NULL;
}

/* Whether the key may be given so, this often. */
static bool
may_be_given(struct reading *r, const struct setting *s, bool is_list)
{
	char name[KEY_NAME_SIZE];
	const struct setting *first = find_double(r, s);

	key_full_name(s->key, name, sizeof(name));
	if (s->key->kind != KEY_LIST && (is_list || s->appends)) {
		faults_add(&r->faults, s->at, name,
			   "takes one value, not a list");
		return false;
	}
	if (first == NULL || s->appends)
		return true;
	faults_add(&r->faults, s->at, name, "given twice, first in %s:%u",
		   r->names[first->at.file], first->at.line);
	return false;
}

/* "limits.colour", cut where it is endless. */
static const char *
show(const struct scope *scope, struct view name, char out[SHOWN_SIZE])
{
	const char *section = scope->section->name;

	snprintf(out, SHOWN_SIZE, "%s%s%.*s", section,
		 section[0] != '\0' ? "." : "",
		 name.len > 60 ? 60 : (int)name.len, name.at);
	return out;
}

static void
say_unknown(struct reading *r, const struct scope *scope, struct view name,
	    struct place at)
{
	char shown[SHOWN_SIZE];
	const char *elsewhere = key_section_elsewhere(name);

	show(scope, name, shown);
	if (section_find(name) != NULL && scope->is_top)
		faults_add(&r->faults, at, shown,
			   "is a section, not a key: %s { }", shown);
	else if (elsewhere == NULL)
		faults_add(&r->faults, at, shown, "unknown key");
	else if (elsewhere[0] == '\0')
		faults_add(&r->faults, at, shown,
			   "unknown key; it belongs outside of sections");
	else
		faults_add(&r->faults, at, shown,
			   "unknown key; it belongs in section %s", elsewhere);
}

static void
take_assignment(struct reading *r, struct text *t, const struct scope *scope,
		struct token name)
{
	struct values v = { NULL, 0, false };
	struct setting s = { .block = scope->block,
			     .at = { t->file, name.line } };

	s.appends = token_is(&t->next, "+=");
	advance(t);
	if (read_values(r, t, &v) && scope->section != NULL) {
		s.key = key_find(scope->section->name, name.text);
		if (s.key == NULL)
			say_unknown(r, scope, name.text, s.at);
		else if (may_be_given(r, &s, v.is_list))
			add_setting(r, s, t->file, &v);
	}
	free(v.at);
}

/* ---- Sections and includes --------------------------------------------------- */

static void read_statements(struct reading *r, struct text *t,
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
	faults_add(&r->faults, at, show(scope, name->text, shown), "%s",
		   is_key ? "is a key, not a section" : "unknown section");
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
	r->blocks = list_grow(r->blocks, r->block_count, sizeof(*r->blocks));
	r->blocks[r->block_count] = (struct block){ section, NULL, at };
	return (int)r->block_count++;
}

static void
take_section(struct reading *r, struct text *t, const struct scope *scope,
	     struct token name)
{
	struct place at = { t->file, name.line };
	struct token title = { .kind = TOKEN_END };
	struct scope inner = { .block = -1, .depth = scope->depth + 1,
			       .start = at };

	if (is_value(&t->next))
		title = advance(t);
	if (!token_is(&t->next, "{") || inner.depth > DEEPEST_SECTION) {
		give_up(r, t, "\"{\" was expected");
		return;
	}
	advance(t);
	inner.section = known_section(r, scope, &name, at);
	if (inner.section != NULL &&
	    !has_right_title(r, inner.section, &title, at))
		inner.section = NULL;
	if (inner.section == NULL) {
		read_statements(r, t, &inner);
		return;
	}
	emit(r, name.text, at);
	emit_text(r, "{", at);
	if (inner.section->has_title) {
		inner.block = add_block(r, inner.section, at);
		emit_text(r, "title", at);
		emit_text(r, "=", at);
		emit(r, title.text, at);
	}
	read_statements(r, t, &inner);
	emit_text(r, "}", at);
}

unsigned
reading_add_name(struct reading *r, const char *path)
{
	r->names = list_grow(r->names, r->name_count, sizeof(*r->names));
	r->names[r->name_count] =
		arena_copy(&r->config->arena, view_of(path)).at;
	return (unsigned)r->name_count++;
}

static void
include(struct reading *r, const struct text *from,
	const struct scope *scope, struct view raw)
{
	struct place at = { from->file, from->next.line };
	struct buf bytes = BUF(LARGEST_FILE);
	struct scope inner = *scope;

	if (from->depth == DEEPEST_INCLUDE || r->name_count >= MOST_FILES) {
		faults_add(&r->faults, at, "include", "nested too deeply");
		r->is_cut = true;
		return;
	}
	const char *path = document_decode_token(&r->config->arena, raw);
	if (path == NULL || path[0] == '\0') {
		faults_add(&r->faults, at, "include", "needs a file name");
		return;
	}
	path = reading_resolve(r, from->file, path);
	if (!reading_load(r, at, "include", path, &bytes))
		return;
	struct text t = { .scanner = { buf_view(&bytes), 1 },
			  .file = reading_add_name(r, path),
			  .depth = from->depth + 1 };
	advance(&t);
	inner.is_file = true;
	read_statements(r, &t, &inner);
	wipe(&bytes);
}

static void
take_call(struct reading *r, struct text *t, const struct scope *scope,
	  struct token name)
{
	advance(t);
	if (!is_value(&t->next)) {
		give_up(r, t, "a file name was expected");
		return;
	}
	struct token argument = advance(t);
	if (!token_is(&t->next, ")")) {
		give_up(r, t, "\")\" was expected");
		return;
	}
	if (!view_equal(name.text, VIEW("include")))
		faults_add(&r->faults, (struct place){ t->file, name.line },
			   NULL, "%.*s: unknown function; include() is known",
			   name.text.len > 60 ? 60 : (int)name.text.len,
			   name.text.at);
	else
		include(r, t, scope, argument.text);
	advance(t);
}

static void
read_statement(struct reading *r, struct text *t, const struct scope *scope)
{
	if (t->next.kind != TOKEN_WORD) {
		give_up(r, t, "a key was expected");
		return;
	}
	struct token name = advance(t);
	if (token_is(&t->next, "=") || token_is(&t->next, "+="))
		take_assignment(r, t, scope, name);
	else if (token_is(&t->next, "("))
		take_call(r, t, scope, name);
	else if (token_is(&t->next, "{") || is_value(&t->next))
		take_section(r, t, scope, name);
	else
		give_up(r, t, "\"=\" or \"{\" was expected");
}

/* Up to the end of the file, or of the section that was opened in it. */
static void
read_statements(struct reading *r, struct text *t, const struct scope *scope)
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
			advance(t);
			return;
		}
		read_statement(r, t, scope);
	}
}

void
document_read(struct reading *r, const char *file)
{
	struct buf bytes = BUF(LARGEST_FILE);
	struct text t = { .file = reading_add_name(r, file) };
	struct scope top = { .section = section_at(0), .block = -1,
			     .is_top = true, .is_file = true };

	r->clean = BUF(LARGEST_CLEAN);
	if (!reading_load(r, (struct place){ 0, 1 }, NULL, file, &bytes)) {
		r->is_cut = true;
		return;
	}
	t.scanner = (struct scanner){ buf_view(&bytes), 1 };
	advance(&t);
	read_statements(r, &t, &top);
	wipe(&bytes);
}
