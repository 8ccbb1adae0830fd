/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values and titles decoded by libconfuse: quotes, escapes, ${VAR}. Its
 * grammar is made from the table of keys, all strings, since it would stop at
 * the first number it does not like and read 010 as 8. */
#include "config/reading.h"

#include "base/memory.h"

#include <assert.h>
#include <confuse.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Handed to the callbacks in the numeric default of each option, which
 * libconfuse copies and, for strings, does not look at. */
struct decoder {
	struct arena *arena;
	struct reading *reading;        /* NULL: one token */
	size_t setting;                 /* values arrive in the order in */
	size_t value;                   /* which the settings were read */
	size_t block;
	const char *token;
};

static struct decoder *
decoder_of(const cfg_opt_t *opt)
{
	void *d;

	_Static_assert(sizeof(opt->def.number) >= sizeof(void *),
		       "a pointer fits a long");
	memcpy(&d, &opt->def.number, sizeof(void *));
	return d;
}

/* libconfuse keeps an empty string: what it frees need not be wiped. */
static int
take(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	struct decoder *d = decoder_of(opt);
	struct reading *r = d->reading;
	const char *text = arena_copy(d->arena, view_of(value)).at;

	(void)cfg;
	*(const char **)result = "";
	if (r == NULL) {
		d->token = text;
	} else if (strcmp(opt->name, "title") == 0) {
		if (d->block < r->block_count)
			r->blocks[d->block++].title = text;
	} else {
		while (d->setting < r->setting_count &&
		       d->value == r->settings[d->setting].count) {
			d->setting++;
			d->value = 0;
		}
		if (d->setting < r->setting_count) {
			struct setting *s = &r->settings[d->setting];
			assert(d->value < s->count);
			s->values[d->value++].text = text;
		}
	}
	return 0;
}

static void complain(cfg_t *cfg, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void
complain(cfg_t *cfg, const char *format, va_list args)
{
	struct decoder *d = decoder_of(&cfg->opts[0]);
	struct buf sentence = BUF(1024);
	struct reading *r = d->reading;
	struct place at = { 0, 1 };

	if (r == NULL)
		return;
	if (cfg->line > 0 && (size_t)cfg->line <= r->row_count)
		at = r->rows[cfg->line - 1];
	if (buf_vprintf(&sentence, format, args) == 0)
		faults_add(&r->faults, at, NULL, "syntax error: %.*s",
			   (int)sentence.len, sentence.at);
	r->is_cut = true;
	buf_release(&sentence);
}

static cfg_opt_t
option(struct decoder *d, const char *name, bool is_list)
{
	cfg_opt_t single = CFG_STR_CB(name, NULL, CFGF_NODEFAULT, take);
	cfg_opt_t list = CFG_STR_LIST_CB(name, NULL, CFGF_NODEFAULT, take);
	cfg_opt_t *made = is_list ? &list : &single;

	memcpy(&made->def.number, &d, sizeof(void *));
	return *made;
}

/* The options of one section, up to room for CFG_END. Freed by the caller. */
static cfg_opt_t *
options_of(struct decoder *d, const char *section, size_t *count)
{
	cfg_opt_t *options = memory_grow(NULL, 0, sizeof(*options));

	options[0] = option(d, "title", false);
	*count = 1;
	for (const struct key *k = key_table; k->name != NULL; k++)
		if (strcmp(k->section, section) == 0) {
			options = memory_grow(options, *count,
					      sizeof(*options));
			options[(*count)++] = option(d, k->name,
						     k->kind == KEY_LIST);
		}
	options = memory_grow(options, *count, sizeof(*options));
	options[*count] = (cfg_opt_t)CFG_END();
	return options;
}

static cfg_opt_t *
grammar(struct decoder *d)
{
	size_t count, inner;
	cfg_opt_t *options = options_of(d, "", &count);

	for (const struct section *s = section_table + 1; s->name != NULL;
	     s++) {
		options[count++] = (cfg_opt_t)CFG_SEC(
			s->name, options_of(d, s->name, &inner),
			s->has_title ? CFGF_MULTI : CFGF_NONE);
		options = memory_grow(options, count, sizeof(*options));
	}
	options[count] = (cfg_opt_t)CFG_END();
	return options;
}

/* False, perhaps without a complaint, where libconfuse is not content. */
static bool
parse(cfg_opt_t *options, struct buf *text)
{
	FILE *file = fmemopen(text->at, text->len, "r");
	bool is_parsed = false;

	if (file == NULL)
		return false;
	/* What libconfuse frees may have held a password: have it
	 * overwritten. */
	mallopt(M_PERTURB, 0x55);
	cfg_t *cfg = cfg_init(options, CFGF_NONE);
	if (cfg != NULL) {
		cfg_set_error_function(cfg, complain);
		is_parsed = cfg_parse_fp(cfg, file) == CFG_SUCCESS;
		cfg_free(cfg);
	}
	fclose(file);
	mallopt(M_PERTURB, 0);
	return is_parsed;
}

void
string_values_decode(struct reading *r)
{
	struct decoder d = { .arena = &r->config->arena, .reading = r };

	if (r->clean.len == 0)
		return;
	cfg_opt_t *options = grammar(&d);
	bool is_parsed = parse(options, &r->clean);
	for (size_t i = 0; options[i].name != NULL; i++)
		free(options[i].subopts);
	free(options);
	if (!is_parsed && !r->is_cut) {
		faults_add(&r->faults, (struct place){ 0, 1 }, NULL,
			   "syntax error");
		r->is_cut = true;
	}
}

const char *
string_value_decode(struct arena *arena, struct view raw)
{
	struct decoder d = { .arena = arena };
	struct buf text = BUF(raw.len + 16);

	buf_printf(&text, "title = ");
	buf_append(&text, raw);
	buf_append_byte(&text, '\n');
	cfg_opt_t options[] = { option(&d, "title", false), CFG_END() };
	bool is_parsed = parse(options, &text);
	buf_release(&text);
	return is_parsed ? d.token : NULL;
}
