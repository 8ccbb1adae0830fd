/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The service extensions (RFC 5321 2.2): what EHLO offers, and what each adds
 * to MAIL. One row of the table is one extension. */
#ifndef SMTP_EXTENSIONS_H
#define SMTP_EXTENSIONS_H

#include "smtp/session_state.h"

enum body_type { BODY_7BIT, BODY_8BIT, BODY_BINARY };

/* What the parameters of one MAIL say; zeroed before the first. */
struct mail_requests {
	size_t size;            /* SIZE_MAX: more than any memory; 0: none */
	enum body_type body;
	bool has_utf8;
	unsigned given;         /* bits of the rows: each at most once */
};

/* Appends the lines behind the first of the reply to EHLO. */
void extensions_list(const struct session *s, struct buf *out);

/* Whether the one with this keyword is offered now. */
bool extensions_offer(const struct session *s, struct view keyword);

/* Takes one parameter; REPLY_OK, or what to refuse MAIL with. */
enum reply extensions_take(const struct session *s, struct esmtp_parameter p,
			   struct mail_requests *requests);

/* How much longer than 512 octets the line of MAIL may be. */
size_t extensions_mail_bytes(void);

#endif
