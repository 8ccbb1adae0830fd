/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The settings to the fields of struct config. Fields of listen and tls_name
 * are filled where those blocks are made. */
#include "config/reading.h"

#include "config/field.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

enum { LONGEST_SENTENCE = 8 * 1024 };

const struct setting *
reading_find_in(const struct reading *r, int block, const char *section,
		const char *name)
{
	const struct setting *found = NULL;

	for (size_t i = 0; i < r->setting_count; i++) {
		const struct setting *s = &r->settings[i];
		if (s->block == block && strcmp(s->key->name, name) == 0 &&
		    strcmp(s->key->section, section) == 0)
			found = s;
	}
	return found;
}

const struct setting *
reading_find(const struct reading *r, const char *section, const char *name)
{
	return reading_find_in(r, -1, section, name);
}

/* The sentence is released. */
static void
add_fault(const struct reading *r, struct faults *f, const struct key *key,
	  struct buf *sentence)
{
	const struct setting *s = reading_find(r, key->section, key->name);
	char full[KEY_NAME_SIZE];

	key_full_name(key, full, sizeof(full));
	faults_add(f, s != NULL ? s->at : (struct place){ 0, 1 }, full, "%.*s",
		   (int)sentence->len, sentence->at);
	buf_release(sentence);
}

void
reading_fault(struct reading *r, const char *section, const char *name,
	      const char *format, ...)
{
	struct buf sentence = BUF(LONGEST_SENTENCE);
	va_list args;

	va_start(args, format);
	buf_vprintf(&sentence, format, args);
	va_end(args);
	add_fault(r, &r->faults, key_find(section, view_of(name)),
		  &sentence);
}

void
reading_warn(struct reading *r, const char *section, const char *name,
	     const char *format, ...)
{
	struct buf sentence = BUF(LONGEST_SENTENCE);
	va_list args;

	va_start(args, format);
	buf_vprintf(&sentence, format, args);
	va_end(args);
	add_fault(r, &r->warnings, key_find(section, view_of(name)),
		  &sentence);
}

void
reading_set(struct reading *r, void *base, const struct setting *s)
{
	struct buf why = BUF(FIELD_WHY_SIZE);
	char name[KEY_NAME_SIZE];
	const struct setting_value *v = &s->values[0];

	/* A syntax error may have kept it from being decoded. */
	if (s->count == 0 || v->text == NULL)
		return;
	const char *text = s->key->kind == KEY_FILE ?
		reading_resolve(r, v->at.file, v->text) : v->text;
	if (field_set(base, s->key, text, &why))
		return;
	key_full_name(s->key, name, sizeof(name));
	faults_add(&r->faults, v->at, name, "%.*s", (int)why.len, why.at);
	buf_release(&why);
}

/* A list of its own values, or of the default's where the file has none or
 * only adds to it. */
static void
assign_list(struct reading *r, const struct key *key)
{
	struct strings *list = (struct strings *)(void *)
		((char *)r->config + key->offset);
	size_t most = 0;
	bool adds = true;

	while (key->values[most] != NULL)
		most++;
	for (size_t i = 0; i < r->setting_count; i++)
		if (r->settings[i].key == key) {
			most += r->settings[i].count;
			adds = adds && r->settings[i].appends;
		}
	list->at = arena_alloc(&r->config->arena,
			       (most + 1) * sizeof(*list->at));
	for (size_t i = 0; adds && key->values[i] != NULL; i++)
		list->at[list->count++] = key->values[i];
	for (size_t i = 0; i < r->setting_count; i++) {
		const struct setting *s = &r->settings[i];
		for (size_t j = 0; s->key == key && j < s->count; j++)
			if (s->values[j].text != NULL)
				list->at[list->count++] = s->values[j].text;
	}
}

void
reading_set_default(void *base, const struct key *key)
{
	struct buf why = BUF(FIELD_WHY_SIZE);

	if (key->kind == KEY_WORD && key->value[0] == '\0')
		return;
	bool is_set = field_set(base, key, key->value, &why);
	assert(is_set);
	(void)is_set;
}

void
reading_assign(struct reading *r)
{
	for (const struct key *k = key_table; k->name != NULL; k++)
		if (k->kind == KEY_LIST)
			assign_list(r, k);
		else if (!section_find(view_of(k->section))->has_title)
			reading_set_default(r->config, k);
	for (size_t i = 0; i < r->setting_count; i++) {
		const struct setting *s = &r->settings[i];
		if (s->key->kind != KEY_LIST && s->block < 0)
			reading_set(r, r->config, s);
	}
}

bool
reading_next_value(const struct reading *r, const char *section,
		   const char *name, struct value_walk *walk)
{
	for (; walk->setting < r->setting_count; walk->setting++) {
		const struct setting *s = &r->settings[walk->setting];
		bool is_it = strcmp(s->key->name, name) == 0 &&
			     strcmp(s->key->section, section) == 0;
		if (is_it && walk->value < s->count) {
			const struct setting_value *v =
				&s->values[walk->value++];
			if (v->text == NULL)
				continue;
			walk->text = v->text;
			walk->at = v->at;
			return true;
		}
		walk->value = 0;
	}
	return false;
}
