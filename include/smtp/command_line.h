/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Command lines: out of a stream of bytes, then verb, argument and parameters
 * (RFC 5321 4.1.1). Only CRLF ends one (2.3.8); a line in one block is not
 * copied. */
#ifndef SMTP_COMMAND_LINE_H
#define SMTP_COMMAND_LINE_H

#include "base/buf.h"

/* Most bytes that are kept of a line, with its CRLF: 512 (RFC 5321 4.5.3.1.4)
 * and more than all extensions add. Each verb has a limit of its own. */
enum { COMMAND_LINE_MAX_BYTES = 1024 };

struct command_line {
	struct buf kept;        /* what earlier blocks brought of it */
	bool is_begun;
	bool has_cr;            /* the last byte was CR; not kept yet */
	bool is_broken;         /* a bare CR or LF, or NUL */
	bool has_bare_lf;
	bool is_too_long;
};

enum command_line_kind {
	COMMAND_LINE_PARTIAL,           /* all bytes taken, no CRLF yet */
	COMMAND_LINE_BARE_LF,           /* taken up to an LF without CR: the
					 * line, broken now, goes on */
	COMMAND_LINE_WHOLE,
	COMMAND_LINE_BROKEN,
	COMMAND_LINE_TOO_LONG
};

/* Takes bytes up to and with the first LF; returns how many. line_out is
 * the line without its CRLF, or the part of it that is known; it dies with
 * bytes or at command_line_forget, which must follow unless the line goes on
 * (COMMAND_LINE_PARTIAL, COMMAND_LINE_BARE_LF). */
size_t command_line_feed(struct command_line *l, struct view bytes,
			 struct view *line_out,
			 enum command_line_kind *kind_out);
void command_line_forget(struct command_line *l);

/* Whether what has come of a line, complete or not, can only be the request
 * of a web browser, or a TLS ClientHello. */
enum foreign { FOREIGN_NONE, FOREIGN_HTTP, FOREIGN_TLS };
enum foreign command_foreign(struct view line);

struct command {
	struct view verb;
	struct view argument;   /* without blanks at its ends */
};

enum command_fault {
	COMMAND_GOOD,
	COMMAND_EMPTY,          /* no verb at the line's start */
	COMMAND_CONTROL         /* a control character */
};
enum command_fault command_parse(struct view line, struct command *out);

/* One of MAIL or RCPT (RFC 5321 4.1.2, esmtp-param). */
struct esmtp_parameter {
	struct view keyword;
	struct view value;      /* empty: there is none, nor a "=" */
};

enum esmtp_parameter_kind {
	ESMTP_PARAMETER_END,
	ESMTP_PARAMETER_GOOD,
	ESMTP_PARAMETER_BAD
};

/* Takes the next one from the front of rest. */
enum esmtp_parameter_kind esmtp_parameter_next(struct view *rest,
					       struct esmtp_parameter *out);

#endif
