/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order of commands as a table (RFC 5321 4.1.4): which verb may come
 * when, with or without an argument, and the reply where it may not. */
#include "smtp/commands.h"

#include "smtp/extensions.h"

enum argument { ARGUMENT_ANY, ARGUMENT_NONE, ARGUMENT_SOME };

struct verb_rule {
	struct view verb;
	void (*run)(struct session *s, struct view argument, struct buf *out);
	enum reply says;        /* where there is nothing to run */
	enum argument argument;
	unsigned when;          /* bits of enum stage */
	enum reply otherwise;
	size_t more_bytes;      /* the line may be longer than 512 by this */
	bool is_extended;       /* and by what extensions add to MAIL */
	/* Of the extension that it belongs to: HELP names it where that is
	 * offered. */
	struct view keyword;
};

/* After EHLO or HELO, and not between the chunks of a message. */
enum { GREETED = STAGE_GREETED | STAGE_SENDER | STAGE_RECIPIENT };

static void
reset(struct session *s, struct view argument, struct buf *out)
{
	(void)argument;
	session_forget_transaction(s);
	session_say(s, REPLY_OK, out);
}

static void
leave(struct session *s, struct view argument, struct buf *out)
{
	(void)argument;
	session_forget_transaction(s);
	s->has_quit = true;
	session_hang_up(s, REPLY_BYE, out);
}

static void help(struct session *s, struct view argument, struct buf *out);

static const struct verb_rule rules[] = {
	{ .verb = VIEW("EHLO"), .run = hello_ehlo, .argument = ARGUMENT_SOME,
	  .when = STAGE_ANY },
	{ .verb = VIEW("HELO"), .run = hello_helo, .argument = ARGUMENT_SOME,
	  .when = STAGE_ANY },
	{ .verb = VIEW("MAIL"), .run = sender_run, .argument = ARGUMENT_SOME,
	  .when = STAGE_GREETED, .otherwise = REPLY_NESTED_MAIL,
	  .is_extended = true },
	{ .verb = VIEW("RCPT"), .run = recipient_run, .argument = ARGUMENT_SOME,
	  .when = STAGE_SENDER | STAGE_RECIPIENT,
	  .otherwise = REPLY_MAIL_FIRST },
	{ .verb = VIEW("DATA"), .run = content_data,
	  .argument = ARGUMENT_NONE,
	  .when = STAGE_SENDER | STAGE_RECIPIENT,
	  .otherwise = REPLY_RECIPIENT_FIRST },
	/* Its bytes follow even where it is out of order. */
	{ .verb = VIEW("BDAT"), .run = content_bdat, .argument = ARGUMENT_SOME,
	  .when = STAGE_ANY },
	{ .verb = VIEW("RSET"), .run = reset, .argument = ARGUMENT_NONE,
	  .when = STAGE_ANY },
	{ .verb = VIEW("NOOP"), .says = REPLY_OK, .when = STAGE_ANY },
	{ .verb = VIEW("QUIT"), .run = leave, .argument = ARGUMENT_NONE,
	  .when = STAGE_ANY },
	{ .verb = VIEW("VRFY"), .says = REPLY_WILL_TRY,
	  .argument = ARGUMENT_SOME,
	  .when = STAGE_ANY, .more_bytes = 10 },
	{ .verb = VIEW("HELP"), .run = help, .when = STAGE_ANY },
	{ .verb = VIEW("STARTTLS"), .run = hello_starttls,
	  .argument = ARGUMENT_NONE,
	  .when = GREETED, .otherwise = REPLY_HELLO_FIRST,
	  .keyword = VIEW("STARTTLS") },
	{ .verb = VIEW("XCLIENT"), .run = hello_xclient,
	  .argument = ARGUMENT_SOME,
	  .when = STAGE_ANY, .keyword = VIEW("XCLIENT") },
	{ .verb = VIEW("EXPN"), .says = REPLY_NOT_OFFERED, .when = STAGE_ANY },
	{ .verb = VIEW("AUTH"), .says = REPLY_NOT_OFFERED, .when = STAGE_ANY },
	{ .verb = VIEW("ETRN"), .says = REPLY_NOT_OFFERED, .when = STAGE_ANY },
	{ .verb = VIEW("TURN"), .says = REPLY_NOT_OFFERED, .when = STAGE_ANY },
};

enum { RULES = sizeof(rules) / sizeof(rules[0]) };

static void
help(struct session *s, struct view argument, struct buf *out)
{
	char text[256];
	struct buf words = { .at = text, .size = sizeof(text),
			     .ceiling = sizeof(text) - 1 };
	(void)argument;

	for (size_t i = 0; i < RULES; i++) {
		const struct verb_rule *r = &rules[i];
		if (r->says == REPLY_NOT_OFFERED ||
		    (r->keyword.len > 0 && !extensions_offer(s, r->keyword)))
			continue;
		buf_append_byte(&words, ' ');
		buf_append(&words, r->verb);
	}
	text[words.len] = '\0';
	session_say_with(s, REPLY_HELP, text, out);
}

void
verbs_run(struct session *s, struct view line, struct buf *out)
{
	static const struct verb_rule unknown = { .says = REPLY_UNKNOWN_VERB,
						  .when = STAGE_ANY };
	const struct verb_rule *r = rules, *end = rules + RULES;
	struct command command;

	if (command_parse(line, &command) != COMMAND_GOOD) {
		session_refuse(s, REPLY_BAD_LINE, out);
		return;
	}
	/* RFC 5321 2.4: case-blind. */
	while (r < end && !view_equal_nocase(r->verb, command.verb))
		r++;
	if (r == end)
		r = &unknown;
	size_t more = r->more_bytes +
		      (r->is_extended ? extensions_mail_bytes() : 0);
	enum reply reply = r->says;
	if (line.len + 2 > 512 + more) {
		reply = REPLY_LINE_TOO_LONG;
	} else if ((s->stage & r->when) == 0) {
		reply = s->stage == STAGE_START ? REPLY_HELLO_FIRST :
			s->stage == STAGE_CHUNKS ? REPLY_CHUNKS_BEGUN :
			r->otherwise;
	} else if (r->argument == ARGUMENT_NONE && command.argument.len > 0) {
		reply = REPLY_NO_ARGUMENT_WANTED;
	} else if (r->argument == ARGUMENT_SOME && command.argument.len == 0) {
		reply = REPLY_BAD_ARGUMENT;
	} else if (r->run != NULL) {
		r->run(s, command.argument, out);
		return;
	}
	session_refuse(s, reply, out);
}
