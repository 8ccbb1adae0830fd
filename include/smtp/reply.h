/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every reply the server makes, each code and sentence once (RFC 5321 4.2,
 * enhanced codes by RFC 2034 and RFC 3463). */
#ifndef SMTP_REPLY_H
#define SMTP_REPLY_H

#include "base/buf.h"

/* A row is a reply: its code with the enhanced one, and what is said. AS_US:
 * the hostname stands between the two. */
#define REPLY_TABLE(SAY, SAY_AS_US) \
	SAY_AS_US(REPLY_GREETING, "220", " ESMTP Guerrilla SMTPd ready") \
	SAY(REPLY_TLS_READY, "220 2.0.0", "Ready to start TLS") \
	SAY_AS_US(REPLY_HELLO, "250", "") \
	SAY(REPLY_HELP, "214 2.0.0", "See RFC 5321:") \
	SAY_AS_US(REPLY_BYE, "221 2.0.0", " closing connection") \
	SAY(REPLY_OK, "250 2.0.0", "OK") \
	SAY(REPLY_QUEUED, "250 2.0.0", "OK: queued as ") \
	SAY(REPLY_SENDER_OK, "250 2.1.0", "Sender OK") \
	SAY(REPLY_RECIPIENT_OK, "250 2.1.5", "Recipient OK") \
	SAY(REPLY_WILL_TRY, "252 2.0.0", \
	    "Cannot verify, but will take mail and see") \
	SAY(REPLY_SEND_DATA, "354", "End data with <CR><LF>.<CR><LF>") \
	SAY_AS_US(REPLY_STOPPING, "421 4.3.2", \
	    " is going away, try again shortly") \
	SAY_AS_US(REPLY_OVERLOAD, "421 4.3.2", \
	    " has too many connections, try again later") \
	SAY_AS_US(REPLY_NO_STORE, "421 4.3.0", \
	    " cannot store mail now, try again later") \
	SAY_AS_US(REPLY_TOO_MANY_ERRORS, "421 4.7.0", \
	    " too many errors, closing connection") \
	SAY_AS_US(REPLY_TOO_MANY_MAILS, "421 4.7.0", \
	    " too many messages in one session, please connect again") \
	SAY_AS_US(REPLY_TOO_MANY_COMMANDS, "421 4.7.0", \
	    " too many commands without a message, closing connection") \
	SAY_AS_US(REPLY_TOO_MANY_CONNECTIONS, "421 4.7.0", \
	    " too many connections from your address") \
	SAY_AS_US(REPLY_FOREIGN_PROTOCOL, "421 4.7.0", \
	    " speaks SMTP only, closing connection") \
	SAY_AS_US(REPLY_IDLE, "421 4.4.2", " waited too long, closing") \
	SAY_AS_US(REPLY_SLOW, "421 4.4.2", " data comes too slowly, closing") \
	SAY(REPLY_OVER_RATE, "450 4.2.1", \
	    "The recipient gets too much mail just now, try again later") \
	SAY(REPLY_STORE_FAULT, "451 4.3.0", \
	    "Cannot store mail now, try again later") \
	SAY(REPLY_LOOKUP_IMPOSSIBLE, "451 4.4.3", \
	    "Cannot look up the recipient now, try again later") \
	SAY(REPLY_FULL, "452 4.3.1", "Insufficient storage, try again later") \
	SAY(REPLY_TOO_MANY_RECIPIENTS, "452 4.5.3", \
	    "Too many recipients, send the rest separately") \
	SAY(REPLY_TOO_MUCH_AT_ONCE, "452 4.5.3", \
	    "Too many recipients for this size, send the rest separately") \
	SAY(REPLY_TLS_BROKEN, "454 4.7.0", "TLS is not available just now") \
	SAY(REPLY_UNKNOWN_VERB, "500 5.5.1", "Unknown command") \
	SAY(REPLY_BAD_LINE, "500 5.5.2", "Not a command line") \
	SAY(REPLY_BARE_LF, "500 5.5.2", "Lines end in CR LF") \
	SAY(REPLY_LINE_TOO_LONG, "500 5.5.2", "Line too long") \
	SAY(REPLY_BAD_ARGUMENT, "501 5.5.4", "Missing or bad argument") \
	SAY(REPLY_NO_ARGUMENT_WANTED, "501 5.5.4", "No argument allowed") \
	SAY(REPLY_BAD_PATH, "501 5.5.4", "Not a valid address in <>") \
	SAY(REPLY_BAD_PARAMETER, "501 5.5.4", "Bad value of a parameter") \
	SAY(REPLY_UNKNOWN_PARAMETER, "555 5.5.4", \
	    "Parameter not recognized, or given twice") \
	SAY(REPLY_NOT_OFFERED, "502 5.5.1", "Command not implemented") \
	SAY(REPLY_HELLO_FIRST, "503 5.5.1", "EHLO or HELO first") \
	SAY(REPLY_NESTED_MAIL, "503 5.5.1", "Sender already given") \
	SAY(REPLY_MAIL_FIRST, "503 5.5.1", "MAIL first") \
	SAY(REPLY_RECIPIENT_FIRST, "503 5.5.1", "MAIL and RCPT first") \
	SAY(REPLY_CHUNKS_BEGUN, "503 5.5.1", "BDAT or RSET now") \
	SAY(REPLY_NEEDS_CHUNKS, "503 5.5.1", "BINARYMIME needs BDAT") \
	SAY(REPLY_NOT_NOW, "503 5.5.1", "Not within a transaction") \
	SAY(REPLY_TLS_ALREADY, "503 5.5.1", "TLS is already active") \
	SAY(REPLY_NO_RECIPIENTS, "554 5.5.1", "No valid recipients") \
	SAY(REPLY_UNKNOWN_RECIPIENT, "550 5.1.1", "No such recipient here") \
	SAY(REPLY_NOT_OUR_DOMAIN, "550 5.7.1", \
	    "We do not take mail for that domain") \
	SAY(REPLY_BLOCKED_SENDER, "550 5.7.1", \
	    "No mail is accepted from that sender") \
	SAY(REPLY_NO_XCLIENT, "550 5.7.1", \
	    "XCLIENT is not allowed from your address") \
	SAY(REPLY_BLOCKED, "554 5.7.1", \
	    "No mail is accepted from your address") \
	SAY(REPLY_EARLY, "554 5.5.1", "You spoke before the greeting") \
	SAY(REPLY_BARE_NEWLINE, "550 5.6.0", \
	    "Message has a bare CR or LF, see RFC 5321 2.3.8") \
	SAY(REPLY_TOO_BIG, "552 5.3.4", "Message too big") \
	SAY(REPLY_ADDRESS_TOO_LONG, "553 5.1.3", "Address too long") \
	SAY(REPLY_NEEDS_SMTPUTF8, "553 5.6.7", \
	    "Such an address needs SMTPUTF8") \
	SAY(REPLY_HEADER_CHECK, "554 5.7.1", \
	    "The headers do not name a recipient here") \
	SAY(REPLY_MAIL_LOOP, "554 5.4.6", \
	    "Too many Received headers, this message goes in circles")

#define REPLY_ENUM_ROW(which, code, words) which,

enum reply { REPLY_TABLE(REPLY_ENUM_ROW, REPLY_ENUM_ROW) REPLIES };

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

/* "BLOCKED_SENDER": which row of the table it is. */
const char *reply_name(enum reply which);

/* 2, 4 or 5. */
char reply_class(enum reply which);

#endif
