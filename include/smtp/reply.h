/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every reply the server makes, each code and sentence once (RFC 5321 4.2,
 * enhanced codes by RFC 2034 and RFC 3463). */
#ifndef SMTP_REPLY_H
#define SMTP_REPLY_H

#include "base/buf.h"

enum reply {
	REPLY_GREETING,
	REPLY_TLS_READY,
	REPLY_HELLO,
	REPLY_HELP,
	REPLY_BYE,
	REPLY_OK,
	REPLY_QUEUED,
	REPLY_SENDER_OK,
	REPLY_RECIPIENT_OK,
	REPLY_WILL_TRY,
	REPLY_SEND_DATA,

	REPLY_STOPPING,
	REPLY_OVERLOAD,
	REPLY_NO_STORE,
	REPLY_TOO_MANY_ERRORS,
	REPLY_TOO_MANY_MAILS,
	REPLY_TOO_MANY_COMMANDS,
	REPLY_TOO_MANY_CONNECTIONS,
	REPLY_FOREIGN_PROTOCOL,
	REPLY_IDLE,
	REPLY_SLOW,
	REPLY_STORE_FAULT,
	REPLY_LOOKUP_IMPOSSIBLE,
	REPLY_FULL,
	REPLY_TOO_MANY_RECIPIENTS,
	REPLY_TOO_MUCH_AT_ONCE,
	REPLY_TLS_BROKEN,

	REPLY_UNKNOWN_VERB,
	REPLY_BAD_LINE,
	REPLY_BARE_LF,
	REPLY_LINE_TOO_LONG,
	REPLY_BAD_ARGUMENT,
	REPLY_NO_ARGUMENT_WANTED,
	REPLY_BAD_PATH,
	REPLY_BAD_PARAMETER,
	REPLY_UNKNOWN_PARAMETER,
	REPLY_NOT_OFFERED,
	REPLY_HELLO_FIRST,
	REPLY_NESTED_MAIL,
	REPLY_MAIL_FIRST,
	REPLY_RECIPIENT_FIRST,
	REPLY_CHUNKS_BEGUN,
	REPLY_NEEDS_CHUNKS,
	REPLY_NOT_NOW,
	REPLY_TLS_ALREADY,
	REPLY_NO_RECIPIENTS,
	REPLY_UNKNOWN_RECIPIENT,
	REPLY_NOT_OUR_DOMAIN,
	REPLY_NO_XCLIENT,
	REPLY_BLOCKED,
	REPLY_EARLY,
	REPLY_BARE_NEWLINE,
	REPLY_TOO_BIG,
	REPLY_ADDRESS_TOO_LONG,
	REPLY_NEEDS_SMTPUTF8,
	REPLY_HEADER_CHECK,
	REPLY_MAIL_LOOP,
	REPLIES
};

/* The longest line of a reply, with CRLF (RFC 5321 4.5.3.1.5). */
enum { REPLY_LINE_MAX = 512 };

/* Appends the whole reply, with CRLF. Those that name the server (greeting,
 * 221, 421) name hostname. */
void reply_append(struct buf *out, enum reply which, const char *hostname);

/* The same with a few more words at its end, printable ASCII. */
void reply_append_with(struct buf *out, enum reply which, const char *words);

/* "550 5.7.1", and what is said behind it (and behind the hostname). */
struct view reply_code(enum reply which);
struct view reply_words(enum reply which);

/* 2, 4 or 5. */
char reply_class(enum reply which);

#endif
