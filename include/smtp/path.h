/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reverse-path and forward-path: <local@domain> and its relatives
 * (RFC 5321 4.1.2, 4.1.3; UTF-8 by RFC 6531 3.3). */
#ifndef SMTP_PATH_H
#define SMTP_PATH_H

#include "base/view.h"

struct path {
	struct view mailbox;    /* local@domain, without source route and <> */
	struct view local;      /* as given: with its quotes */
	struct view domain;     /* as given; empty for <postmaster> */
	bool is_null;           /* <> */
	bool is_utf8;           /* holds more than ASCII */
};

/* Reads the path at the front of text; returns its length with the <>, or 0
 * where it is none, or longer than RFC 5321 4.5.3.1 allows. A source route is
 * checked and left out; percent signs and bangs mean nothing. */
size_t path_parse(struct view text, struct path *out);

/* Whether all of v is a domain, as in addresses: a name, or a literal. */
bool path_is_domain(struct view v);

/* Whether v is an address literal: "[192.0.2.1]", "[IPv6:2001:db8::1]". */
bool path_is_literal(struct view v);

#endif
