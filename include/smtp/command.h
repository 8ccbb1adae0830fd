/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One command line: which verb, and what stands behind it (RFC 5321 4.1.1,
 * 2.4: verbs are case-blind). */
#ifndef SMTP_COMMAND_H
#define SMTP_COMMAND_H

#include "base/view.h"

enum smtp_verb {
	VERB_EHLO,
	VERB_HELO,
	VERB_MAIL,
	VERB_RCPT,
	VERB_DATA,
	VERB_BDAT,
	VERB_RSET,
	VERB_NOOP,
	VERB_QUIT,
	VERB_VRFY,
	VERB_EXPN,
	VERB_HELP,
	VERB_STARTTLS,
	VERB_XCLIENT,
	VERB_AUTH,
	VERB_ETRN,
	VERB_TURN,
	VERB_UNKNOWN,
	VERBS
};

struct command {
	enum smtp_verb verb;
	struct view argument;   /* without blanks at its ends */
};

enum command_fault {
	COMMAND_GOOD,
	COMMAND_EMPTY,          /* no verb at the line's start */
	COMMAND_CONTROL         /* a control character */
};

/* Blanks at the end of a line are tolerated (RFC 5321 4.1.1). */
enum command_fault command_parse(struct view line, struct command *out);

/* What else may knock at our port. */
enum foreign { FOREIGN_NONE, FOREIGN_HTTP, FOREIGN_TLS };

/* Whether what has come of a line, complete or not, can only be the request
 * of a web browser, or a TLS ClientHello. */
enum foreign command_foreign(struct view line);

#endif
