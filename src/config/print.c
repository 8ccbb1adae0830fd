/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The effective configuration in the grammar of the file, for -T: made from
 * the fields that the program will use, not from what was written. */
#include "config/config.h"
#include "config/field.h"

#include <string.h>

static void
print_key(const void *base, const struct key *key, struct buf *out)
{
	if (key->section[0] != '\0')
		buf_append_byte(out, '\t');
	buf_printf(out, "%s = ", key->name);
	field_print(base, key, out);
	buf_append_byte(out, '\n');
}

static void
print_section(const void *base, const char *section, const char *title,
	      struct buf *out)
{
	buf_append_text(out, section);
	if (title != NULL) {
		buf_append_byte(out, ' ');
		field_quote(title, out);
	}
	buf_append_text(out, " {\n");
	for (size_t i = 0; i < key_count(); i++)
		if (strcmp(key_at(i)->section, section) == 0)
			print_key(base, key_at(i), out);
	buf_append_text(out, "}\n");
}

/* A mode is for unix sockets only: it would not be taken again. */
static void
print_listener(const struct listen_settings *l, struct buf *out)
{
	bool is_unix = strncmp(l->name, "unix:", 5) == 0;

	buf_append_text(out, "listen ");
	field_quote(l->name, out);
	buf_append_text(out, " {\n");
	for (size_t i = 0; i < key_count(); i++) {
		const struct key *key = key_at(i);
		if (strcmp(key->section, "listen") == 0 &&
		    (key->kind != KEY_MODE || is_unix))
			print_key(l, key, out);
	}
	buf_append_text(out, "}\n");
}

static void
print_any_section(const struct config *c, const char *section,
		  struct buf *out)
{
	const struct net_settings *net = &c->worker.net;

	if (strcmp(section, "listen") == 0) {
		for (size_t i = 0; i < net->listener_count; i++)
			print_listener(&net->listeners[i], out);
	} else if (strcmp(section, "tls_name") == 0) {
		for (size_t i = 1; i < net->certificate_count; i++)
			print_section(&net->certificates[i], section,
				      net->certificates[i].name, out);
	} else {
		print_section(c, section, NULL, out);
	}
}

void
config_print(const struct config *c, struct buf *out)
{
	const char *last = "";

	for (size_t i = 0; i < key_count(); i++) {
		const struct key *key = key_at(i);
		if (key->section[0] == '\0')
			print_key(c, key, out);
		else if (strcmp(key->section, last) != 0)
			print_any_section(c, key->section, out);
		last = key->section;
	}
}
