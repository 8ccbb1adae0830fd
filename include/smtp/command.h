/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One command line: its verb, and what stands behind it (RFC 5321 4.1.1). */
#ifndef SMTP_COMMAND_H
#define SMTP_COMMAND_H

#include "base/view.h"

struct command {
	struct view verb;
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
