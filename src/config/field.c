/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One key's text to the field it fills, and back. */
#include "config/field.h"

#include "base/view.h"
#include "config/units.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What a number with or without a unit is called, read and written as. */
struct number {
	const char *what;
	bool (*parse)(struct view text, int64_t *out);
	const char *(*print)(int64_t value, char out[UNITS_SIZE]);
};

static const char *
count_print(int64_t value, char out[UNITS_SIZE])
{
	snprintf(out, UNITS_SIZE, "%" PRId64, value);
	return out;
}

static const char *
mode_print(int64_t value, char out[UNITS_SIZE])
{
	snprintf(out, UNITS_SIZE, "0%03o", (unsigned)value);
	return out;
}

static const struct number numbers[] = {
	[KEY_COUNT] = { "a number (decimal digits only)", count_parse,
			count_print },
	[KEY_SIZE] = { "a size (a number, with K, M or G)", size_parse,
		       size_print },
	[KEY_DURATION] = { "a duration (a number, with s, m, h or d)",
			   duration_parse, duration_print },
	[KEY_MODE] = { "a mode (octal digits)", mode_parse, mode_print },
};

static void *
at(void *base, const struct key *key)
{
	return (char *)base + key->offset;
}

static const void *
at_const(const void *base, const struct key *key)
{
	return (const char *)base + key->offset;
}

static void
store_number(void *field, enum key_kind kind, int64_t value)
{
	if (kind == KEY_DURATION)
		*(int64_t *)field = value;
	else if (kind == KEY_MODE)
		*(unsigned *)field = (unsigned)value;
	else
		*(size_t *)field = (size_t)value;
}

static int64_t
load_number(const void *field, enum key_kind kind)
{
	if (kind == KEY_DURATION)
		return *(const int64_t *)field;
	if (kind == KEY_MODE)
		return *(const unsigned *)field;
	return (int64_t)*(const size_t *)field;
}

static bool
set_number(void *base, const struct key *key, const char *text, struct buf *why)
{
	const struct number *n = &numbers[key->kind];
	char min[UNITS_SIZE];
	char max[UNITS_SIZE];
	int64_t value;

	if (!n->parse(view_of(text), &value)) {
		buf_printf(why, "\"%.100s\" is not %s", text, n->what);
		return false;
	}
	bool is_zero = value == 0 && key->may_be_zero;
	if ((value < key->min && !is_zero) || value > key->max) {
		buf_printf(why, "%.100s is out of range: %s%s to %s", text,
			 key->may_be_zero ? "0, or " : "",
			 n->print(key->min, min), n->print(key->max, max));
		return false;
	}
	store_number(at(base, key), key->kind, value);
	return true;
}

static bool
set_score(void *base, const struct key *key, const char *text, struct buf *why)
{
	double value;

	if (!score_parse(view_of(text), &value)) {
		buf_printf(why, "\"%.100s\" is not a number", text);
		return false;
	}
	if (value < (double)key->min || value > (double)key->max) {
		buf_printf(why, "%.100s is out of range: %" PRId64
			 " to %" PRId64, text, key->min, key->max);
		return false;
	}
	*(double *)at(base, key) = value;
	return true;
}

static bool
set_word(void *base, const struct key *key, const char *text, struct buf *why)
{
	const struct key_word *w = key->words;

	while (w->name != NULL && strcmp(w->name, text) != 0)
		w++;
	if (w->name != NULL && key->kind == KEY_FLAG)
		*(bool *)at(base, key) = w->value != 0;
	else if (w->name != NULL)
		*(unsigned *)at(base, key) = w->value;
	if (w->name != NULL)
		return true;
	buf_printf(why, "\"%.100s\" is not one of", text);
	for (w = key->words; w->name != NULL; w++)
		buf_printf(why, " %s%s", w->name,
			   w[1].name != NULL ? "," : "");
	return false;
}

static bool
set_flag(void *base, const struct key *key, const char *text, struct buf *why)
{
	if (key->words != NULL)
		return set_word(base, key, text, why);
	if (flag_parse(view_of(text), at(base, key)))
		return true;
	buf_printf(why, "\"%.100s\" is not true or false", text);
	return false;
}

static bool
set_path(void *base, const struct key *key, const char *text, struct buf *why)
{
	if (text[0] != '\0' && text[0] != '/') {
		buf_printf(why, "\"%.100s\" is not an absolute path",
			 text);
		return false;
	}
	*(const char **)at(base, key) = text;
	return true;
}

static bool
set_future(void *base, const struct key *key, const char *text, struct buf *why)
{
	if (strcmp(text, key->value) != 0) {
		buf_printf(why, "not available in this version");
		return false;
	}
	*(const char **)at(base, key) = text;
	return true;
}

bool
field_set(void *base, const struct key *key, const char *text, struct buf *why)
{
	switch (key->kind) {
	case KEY_TEXT:
	case KEY_FILE:
		*(const char **)at(base, key) = text;
		return true;
	case KEY_PATH:
		return set_path(base, key, text, why);
	case KEY_FLAG:
		return set_flag(base, key, text, why);
	case KEY_COUNT:
	case KEY_SIZE:
	case KEY_DURATION:
	case KEY_MODE:
		return set_number(base, key, text, why);
	case KEY_SCORE:
		return set_score(base, key, text, why);
	case KEY_WORD:
		return set_word(base, key, text, why);
	case KEY_FUTURE:
		return set_future(base, key, text, why);
	case KEY_LIST:
		break;
	}
	assert(false && "a list has no one value");
	return false;
}

void
field_quote(const char *text, struct buf *out)
{
	buf_append_byte(out, '"');
	for (; *text != '\0'; text++) {
		/* "${" would be taken for a variable. */
		if (strchr("\"\\$", *text) != NULL)
			buf_append_byte(out, '\\');
		buf_append_byte(out, *text);
	}
	buf_append_byte(out, '"');
}

static void
print_word(unsigned value, const struct key *key, struct buf *out)
{
	for (const struct key_word *w = key->words; w->name != NULL; w++)
		if (w->value == value)
			field_quote(w->name, out);
}

static void
print_flag(bool value, const struct key *key, struct buf *out)
{
	if (key->words != NULL)
		print_word(value, key, out);
	else
		buf_append_text(out, value ? "true" : "false");
}

/* With a fraction, without its idle zeros. */
static void
print_score(double value, struct buf *out)
{
	char text[UNITS_SIZE];
	size_t len = (size_t)snprintf(text, sizeof(text), "%.6f", value);

	while (text[len - 1] == '0' && text[len - 2] != '.')
		len--;
	buf_append(out, (struct view){ text, len });
}

static void
print_list(const struct strings *list, struct buf *out)
{
	buf_append_byte(out, '{');
	for (size_t i = 0; i < list->count; i++) {
		if (i > 0)
			buf_append_text(out, ", ");
		field_quote(list->at[i], out);
	}
	buf_append_byte(out, '}');
}

void
field_print(const void *base, const struct key *key, struct buf *out)
{
	const void *field = at_const(base, key);
	char text[UNITS_SIZE];

	switch (key->kind) {
	case KEY_TEXT:
	case KEY_FILE:
	case KEY_PATH:
	case KEY_FUTURE:
		field_quote(key->is_secret ? "" : *(const char *const *)field,
			    out);
		return;
	case KEY_FLAG:
		print_flag(*(const bool *)field, key, out);
		return;
	case KEY_COUNT:
	case KEY_SIZE:
	case KEY_DURATION:
		buf_append_text(out, numbers[key->kind].print(
					     load_number(field, key->kind),
					     text));
		return;
	case KEY_MODE:
		field_quote(mode_print(*(const unsigned *)field, text), out);
		return;
	case KEY_SCORE:
		print_score(*(const double *)field, out);
		return;
	case KEY_WORD:
		print_word(*(const unsigned *)field, key, out);
		return;
	case KEY_LIST:
		print_list(field, out);
		return;
	}
}
