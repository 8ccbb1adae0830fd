/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Command lines: verb and argument. */
#include "smtp/command.h"

/* RFC 9110 9.3, RFC 5789, and the preface of RFC 9113 3.4. A page may make a
 * browser send these to our port, with SMTP commands in the body. */
static const struct view http_methods[] = {
	VIEW("GET "), VIEW("POST "), VIEW("HEAD "), VIEW("PUT "),
	VIEW("DELETE "), VIEW("CONNECT "), VIEW("OPTIONS "), VIEW("TRACE "),
	VIEW("PATCH "), VIEW("PRI "),
};

static bool
has_control(struct view line)
{
	for (size_t i = 0; i < line.len; i++) {
		unsigned char c = (unsigned char)line.at[i];
		if ((c < ' ' && c != '\t') || c == 0x7f)
			return true;
	}
	return false;
}

enum command_fault
command_parse(struct view line, struct command *out)
{
	if (has_control(line))
		return COMMAND_CONTROL;
	if (line.len == 0 || view_trim(line).at != line.at)
		return COMMAND_EMPTY;
	line = view_trim(line);
	size_t space = view_find(line, ' ');
	out->verb = view_slice(line, 0, space);
	out->argument = view_trim(view_slice(line, space, line.len));
	return COMMAND_GOOD;
}

enum foreign
command_foreign(struct view line)
{
	/* A handshake record of SSL 3 to TLS 1.3 (RFC 8446 5.1). */
	if (line.len >= 2 && line.at[0] == 0x16 && line.at[1] == 0x03)
		return FOREIGN_TLS;
	for (size_t i = 0; i < sizeof(http_methods) / sizeof(*http_methods);
	     i++)
		if (view_starts_nocase(line, http_methods[i]))
			return FOREIGN_HTTP;
	return FOREIGN_NONE;
}
