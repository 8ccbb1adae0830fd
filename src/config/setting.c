/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One file being read, a token ahead; key = value in it, whether there is such
 * a key here, and for the first time; and the clean text made from both. */
#include "config/parser.h"

#include "base/memory.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct token
cursor_advance(struct cursor *t)
{
	struct token taken = t->next;

	t->next = token_next(&t->scanner);
	return taken;
}

/* A syntax error: what was wanted and what is there instead. Said once;
 * nothing is read after it. Returns false. */
static bool
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

struct values {
	struct token *at;
	size_t count;
	bool is_list;
};

static bool
read_values(struct reading *r, struct cursor *t, struct values *v)
{
	v->is_list = token_is(&t->next, "{");
	if (v->is_list)
		cursor_advance(t);
	while (!v->is_list || !token_is(&t->next, "}")) {
		if (!token_is_value(&t->next))
			return cursor_give_up(r, t, "a value was expected");
		struct token value = cursor_advance(t);
		/* "workers =" and the next line: its key was taken for the
		 * value. */
		if (!v->is_list && value.kind == TOKEN_WORD &&
		    (token_is(&t->next, "=") || token_is(&t->next, "+=")))
			return cursor_refuse(r, t, &value,
					     "a value was expected");
		v->at = memory_grow(v->at, v->count, sizeof(*v->at));
		v->at[v->count++] = value;
		if (!v->is_list)
			return true;
		if (token_is(&t->next, ","))
			cursor_advance(t);
		else if (!token_is(&t->next, "}"))
			return cursor_give_up(r, t,
					      "\",\" or \"}\" was expected");
	}
	cursor_advance(t);
	return true;
}

static void
add_setting(struct reading *r, struct setting setting, unsigned file,
	    const struct values *v)
{
	assert(setting.key != NULL && (v->is_list || v->count == 1));
	setting.count = v->count;
	setting.values = arena_alloc(&r->config->arena,
				     v->count * sizeof(*setting.values));
	clean_emit(r, view_of(setting.key->name), setting.at);
	clean_emit(r, setting.appends ? VIEW("+=") : VIEW("="), setting.at);
	if (v->is_list)
		clean_emit(r, VIEW("{"), setting.at);
	for (size_t i = 0; i < v->count; i++) {
		struct place at = { file, v->at[i].line };
		setting.values[i].at = at;
		if (i > 0)
			clean_emit(r, VIEW(","), at);
		clean_emit(r, v->at[i].text, at);
	}
	if (v->is_list)
		clean_emit(r, VIEW("}"), setting.at);
	r->settings = memory_grow(r->settings, r->setting_count,
				  sizeof(*r->settings));
	r->settings[r->setting_count++] = setting;
}

/* Whether the key may be given so, this often. */
static bool
may_be_given(struct reading *r, const struct setting *s, bool is_list)
{
	char name[KEY_NAME_SIZE];

	key_full_name(s->key, name, sizeof(name));
	if (s->key->kind != KEY_LIST && (is_list || s->appends)) {
		faults_add(&r->faults, s->at, name,
			   "takes one value, not a list");
		return false;
	}
	for (size_t i = 0; i < r->setting_count && !s->appends; i++) {
		const struct setting *first = &r->settings[i];
		if (first->key != s->key || first->block != s->block)
			continue;
		faults_add(&r->faults, s->at, name,
			   "given twice, first in %s:%u",
			   r->names[first->at.file], first->at.line);
		return false;
	}
	return true;
}

const char *
scope_show(const struct scope *scope, struct view name, char out[SHOWN_SIZE])
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
	const char *nearest = key_nearest(scope->section->name, name);

	scope_show(scope, name, shown);
	if (section_find(name) != NULL && scope->is_top)
		faults_add(&r->faults, at, shown,
			   "is a section, not a key: %s { }", shown);
	else if (elsewhere == NULL && nearest != NULL)
		faults_add(&r->faults, at, shown, "unknown key; %s?", nearest);
	else if (elsewhere == NULL)
		faults_add(&r->faults, at, shown, "unknown key");
	else if (elsewhere[0] == '\0')
		faults_add(&r->faults, at, shown,
			   "unknown key; it belongs outside of sections");
	else
		faults_add(&r->faults, at, shown,
			   "unknown key; it belongs in section %s", elsewhere);
}

void
setting_take(struct reading *r, struct cursor *t, const struct scope *scope,
	     struct token name)
{
	struct values v = { NULL, 0, false };
	struct setting s = { .block = scope->block,
			     .at = { t->file, name.line } };

	s.appends = token_is(&t->next, "+=");
	cursor_advance(t);
	if (read_values(r, t, &v) && scope->section != NULL) {
		s.key = key_find(scope->section->name, name.text);
		if (s.key == NULL)
			say_unknown(r, scope, name.text, s.at);
		else if (may_be_given(r, &s, v.is_list))
			add_setting(r, s, t->file, &v);
	}
	free(v.at);
}
