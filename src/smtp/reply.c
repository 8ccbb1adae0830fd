/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of replies. Nothing a client sent is ever part of one, so none
 * can be made to carry foreign bytes or outgrow its line. */
#include "smtp/reply.h"

#include <assert.h>
#include <stdint.h>

struct sentence {
	struct view code;       /* with the enhanced one, and a space */
	struct view words;
	bool names_us;          /* the hostname stands between the two */
};

#define SAY(code, words) { VIEW(code " "), VIEW(words), false }
#define SAY_AS_US(code, words) { VIEW(code " "), VIEW(words), true }

static const struct sentence sentences[REPLIES] = {
	[REPLY_GREETING] = SAY_AS_US("220", " ESMTP Guerrilla SMTPd ready"),
	[REPLY_TLS_READY] = SAY("220 2.0.0", "Ready to start TLS"),
	[REPLY_HELLO] = SAY_AS_US("250", ""),
	[REPLY_HELP] = SAY("214 2.0.0", "See RFC 5321:"),
	[REPLY_BYE] = SAY_AS_US("221 2.0.0", " closing connection"),
	[REPLY_OK] = SAY("250 2.0.0", "OK"),
	[REPLY_QUEUED] = SAY("250 2.0.0", "OK: queued as "),
	[REPLY_SENDER_OK] = SAY("250 2.1.0", "Sender OK"),
	[REPLY_RECIPIENT_OK] = SAY("250 2.1.5", "Recipient OK"),
	[REPLY_WILL_TRY] = SAY("252 2.0.0",
		"Cannot verify, but will take mail and see"),
	[REPLY_SEND_DATA] = SAY("354", "End data with <CR><LF>.<CR><LF>"),

	[REPLY_STOPPING] = SAY_AS_US("421 4.3.2",
		" is going away, try again shortly"),
	[REPLY_OVERLOAD] = SAY_AS_US("421 4.3.2",
		" has too many connections, try again later"),
	[REPLY_NO_STORE] = SAY_AS_US("421 4.3.0",
		" cannot store mail now, try again later"),
	[REPLY_TOO_MANY_ERRORS] = SAY_AS_US("421 4.7.0",
		" too many errors, closing connection"),
	[REPLY_TOO_MANY_MAILS] = SAY_AS_US("421 4.7.0",
		" too many messages in one session, please connect again"),
	[REPLY_TOO_MANY_COMMANDS] = SAY_AS_US("421 4.7.0",
		" too many commands without a message, closing connection"),
	[REPLY_TOO_MANY_CONNECTIONS] = SAY_AS_US("421 4.7.0",
		" too many connections from your address"),
	[REPLY_FOREIGN_PROTOCOL] = SAY_AS_US("421 4.7.0",
		" speaks SMTP only, closing connection"),
	[REPLY_IDLE] = SAY_AS_US("421 4.4.2", " waited too long, closing"),
	[REPLY_SLOW] = SAY_AS_US("421 4.4.2",
		" data comes too slowly, closing"),
	[REPLY_STORE_FAULT] = SAY("451 4.3.0",
		"Cannot store mail now, try again later"),
	[REPLY_LOOKUP_IMPOSSIBLE] = SAY("451 4.4.3",
		"Cannot look up the recipient now, try again later"),
	[REPLY_FULL] = SAY("452 4.3.1",
		"Insufficient storage, try again later"),
	[REPLY_TOO_MANY_RECIPIENTS] = SAY("452 4.5.3",
		"Too many recipients, send the rest separately"),
	[REPLY_TOO_MUCH_AT_ONCE] = SAY("452 4.5.3",
		"Too many recipients for this size, "
		"send the rest separately"),
	[REPLY_TLS_BROKEN] = SAY("454 4.7.0",
		"TLS is not available just now"),

	[REPLY_UNKNOWN_VERB] = SAY("500 5.5.1", "Unknown command"),
	[REPLY_BAD_LINE] = SAY("500 5.5.2", "Not a command line"),
	[REPLY_BARE_LF] = SAY("500 5.5.2", "Lines end in CR LF"),
	[REPLY_LINE_TOO_LONG] = SAY("500 5.5.2", "Line too long"),
	[REPLY_BAD_ARGUMENT] = SAY("501 5.5.4", "Missing or bad argument"),
	[REPLY_NO_ARGUMENT_WANTED] = SAY("501 5.5.4", "No argument allowed"),
	[REPLY_BAD_PATH] = SAY("501 5.5.4", "Not a valid address in <>"),
	[REPLY_BAD_PARAMETER] = SAY("501 5.5.4", "Bad value of a parameter"),
	[REPLY_UNKNOWN_PARAMETER] = SAY("555 5.5.4",
		"Parameter not recognized, or given twice"),
	[REPLY_NOT_OFFERED] = SAY("502 5.5.1", "Command not implemented"),
	[REPLY_HELLO_FIRST] = SAY("503 5.5.1", "EHLO or HELO first"),
	[REPLY_NESTED_MAIL] = SAY("503 5.5.1", "Sender already given"),
	[REPLY_MAIL_FIRST] = SAY("503 5.5.1", "MAIL first"),
	[REPLY_RECIPIENT_FIRST] = SAY("503 5.5.1", "MAIL and RCPT first"),
	[REPLY_CHUNKS_BEGUN] = SAY("503 5.5.1", "BDAT or RSET now"),
	[REPLY_NEEDS_CHUNKS] = SAY("503 5.5.1", "BINARYMIME needs BDAT"),
	[REPLY_NOT_NOW] = SAY("503 5.5.1", "Not within a transaction"),
	[REPLY_TLS_ALREADY] = SAY("503 5.5.1", "TLS is already active"),
	[REPLY_NO_RECIPIENTS] = SAY("554 5.5.1", "No valid recipients"),
	[REPLY_UNKNOWN_RECIPIENT] = SAY("550 5.1.1", "No such recipient here"),
	[REPLY_NOT_OUR_DOMAIN] = SAY("550 5.7.1",
		"We do not take mail for that domain"),
	[REPLY_NO_XCLIENT] = SAY("550 5.7.1",
		"XCLIENT is not allowed from your address"),
	[REPLY_BLOCKED] = SAY("554 5.7.1",
		"No mail is accepted from your address"),
	[REPLY_EARLY] = SAY("554 5.5.1", "You spoke before the greeting"),
	[REPLY_BARE_NEWLINE] = SAY("550 5.6.0",
		"Message has a bare CR or LF, see RFC 5321 2.3.8"),
	[REPLY_TOO_BIG] = SAY("552 5.3.4", "Message too big"),
	[REPLY_ADDRESS_TOO_LONG] = SAY("553 5.1.3", "Address too long"),
	[REPLY_NEEDS_SMTPUTF8] = SAY("553 5.6.7",
		"Such an address needs SMTPUTF8"),
	[REPLY_HEADER_CHECK] = SAY("554 5.7.1",
		"The headers do not name a recipient here"),
	[REPLY_MAIL_LOOP] = SAY("554 5.4.6",
		"Too many Received headers, this message goes in circles"),
};

static void
append(struct buf *out, struct view bytes)
{
	/* SESSION_OUT_CEILING has room for the most that one call says. */
	int result = buf_append(out, bytes);
	assert(result == 0);
}

void
reply_append(struct buf *out, enum reply which, const char *hostname)
{
	const struct sentence *s = &sentences[which];

	append(out, s->code);
	if (s->names_us)
		append(out, view_slice(view_of(hostname), 0, 255));
	append(out, s->words);
	append(out, VIEW("\r\n"));
}

void
reply_append_with(struct buf *out, enum reply which, const char *words)
{
	append(out, sentences[which].code);
	append(out, sentences[which].words);
	append(out, view_slice(view_of(words), 0, 255));
	append(out, VIEW("\r\n"));
}

struct view
reply_code(enum reply which)
{
	return view_trim(sentences[which].code);
}

struct view
reply_words(enum reply which)
{
	return view_trim(sentences[which].words);
}

char
reply_class(enum reply which)
{
	return sentences[which].code.at[0];
}
