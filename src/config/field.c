/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One key's text to the field it fills, and back; and the effective
 * configuration in the grammar of the file, for -T: made from the fields that
 * the program will use, not from what was written. */
#include "config/field.h"

#include "config/config.h"
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

static bool
set_number(void *field, const struct key *key, const char *text,
	   struct buf *why)
{
	const struct number *n = &numbers[key->kind];
	char min[UNITS_SIZE], max[UNITS_SIZE];
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
	if (key->kind == KEY_DURATION)
		*(int64_t *)field = value;
	else if (key->kind == KEY_MODE)
		*(unsigned *)field = (unsigned)value;
	else
		*(size_t *)field = (size_t)value;
	return true;
}

static bool
set_score(double *field, const struct key *key, const char *text,
	  struct buf *why)
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
	*field = value;
	return true;
}

static bool
set_word(void *field, const struct key *key, const char *text,
	 struct buf *why)
{
	const struct key_word *w = key->words;

	while (w->name != NULL && strcmp(w->name, text) != 0)
		w++;
	if (w->name != NULL && key->kind == KEY_FLAG)
		*(bool *)field = w->value != 0;
	else if (w->name != NULL)
		*(unsigned *)field = w->value;
	if (w->name != NULL)
		return true;
	buf_printf(why, "\"%.100s\" is not one of", text);
	for (w = key->words; w->name != NULL; w++)
		buf_printf(why, " %s%s", w->name,
			   w[1].name != NULL ? "," : "");
	return false;
}

bool
field_set(void *base, const struct key *key, const char *text, struct buf *why)
{
	void *field = (char *)base + key->offset;

	switch (key->kind) {
	case KEY_PATH:
		if (text[0] != '\0' && text[0] != '/') {
			buf_printf(why, "\"%.100s\" is not an absolute path",
				   text);
			return false;
		}
		*(const char **)field = text;
		return true;
	case KEY_TEXT:
	case KEY_FILE:
		*(const char **)field = text;
		return true;
	case KEY_FLAG:
		if (key->words != NULL)
			return set_word(field, key, text, why);
		if (flag_parse(view_of(text), field))
			return true;
		buf_printf(why, "\"%.100s\" is not true or false", text);
		return false;
	case KEY_COUNT:
	case KEY_SIZE:
	case KEY_DURATION:
	case KEY_MODE:
		return set_number(field, key, text, why);
	case KEY_SCORE:
		return set_score(field, key, text, why);
	case KEY_WORD:
		return set_word(field, key, text, why);
	case KEY_LIST:
		break;
	}
	assert(false && "a list has no one value");
	return false;
}

/* A double-quoted string, such that libconfuse reads the same bytes. */
static void
quote(const char *text, struct buf *out)
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
			quote(w->name, out);
}

/* A line: the key, and its value as one would write it; "" for a secret. */
static void
print_key(const void *base, const struct key *key, struct buf *out)
{
	const void *field = (const char *)base + key->offset;
	const struct strings *list = field;
	char text[UNITS_SIZE];

	buf_printf(out, "%s%s = ", key->section[0] != '\0' ? "\t" : "",
		   key->name);
	switch (key->kind) {
	case KEY_TEXT:
	case KEY_FILE:
	case KEY_PATH:
		quote(key->is_secret ? "" : *(const char *const *)field,
		      out);
		break;
	case KEY_FLAG:
		if (key->words != NULL)
			print_word(*(const bool *)field, key, out);
		else
			buf_append_text(out, *(const bool *)field ? "true"
								  : "false");
		break;
	case KEY_DURATION:
		buf_append_text(out, duration_print(*(const int64_t *)field,
						    text));
		break;
	case KEY_COUNT:
	case KEY_SIZE:
		buf_append_text(out, numbers[key->kind].print(
			(int64_t)*(const size_t *)field, text));
		break;
	case KEY_MODE:
		quote(mode_print(*(const unsigned *)field, text), out);
		break;
	case KEY_SCORE:
		/* With a fraction, without its idle zeros. */
		snprintf(text, sizeof(text), "%.6f", *(const double *)field);
		for (size_t len = strlen(text);
		     text[len - 1] == '0' && text[len - 2] != '.'; len--)
			text[len - 1] = '\0';
		buf_append_text(out, text);
		break;
	case KEY_WORD:
		print_word(*(const unsigned *)field, key, out);
		break;
	case KEY_LIST:
		buf_append_byte(out, '{');
		for (size_t i = 0; i < list->count; i++) {
			buf_append_text(out, i > 0 ? ", " : "");
			quote(list->at[i], out);
		}
		buf_append_byte(out, '}');
		break;
	}
	buf_append_byte(out, '\n');
}

static void
print_section(const void *base, const char *section, const char *title,
	      struct buf *out)
{
	bool is_unix = title != NULL && strncmp(title, "unix:", 5) == 0;

	buf_append_text(out, section);
	if (title != NULL) {
		buf_append_byte(out, ' ');
		quote(title, out);
	}
	buf_append_text(out, " {\n");
	/* A mode is for unix sockets only: it would not be taken again. */
	for (const struct key *k = key_table; k->name != NULL; k++)
		if (strcmp(k->section, section) == 0 &&
		    (k->kind != KEY_MODE || is_unix))
			print_key(base, k, out);
	buf_append_text(out, "}\n");
}

void
config_print(const struct config *c, struct buf *out)
{
	const struct net_settings *net = &c->worker.net;
	const char *last = "";

	for (const struct key *k = key_table; k->name != NULL; k++) {
		bool is_same = strcmp(k->section, last) == 0;
		last = k->section;
		if (last[0] == '\0')
			print_key(c, k, out);
		else if (is_same)
			continue;
		else if (strcmp(last, "listen") == 0)
			for (size_t i = 0; i < net->listener_count; i++)
				print_section(&net->listeners[i], last,
					      net->listeners[i].name, out);
		else if (strcmp(last, "tls_name") == 0)
			for (size_t i = 1; i < net->certificate_count; i++)
				print_section(&net->certificates[i], last,
					      net->certificates[i].name, out);
		else
			print_section(c, last, NULL, out);
	}
}
