/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order of commands as a table (RFC 5321 4.1.4): which verb may come
 * when, with or without an argument, and the reply where it may not. */
#include "smtp/verbs.h"

#include "smtp/command.h"
#include "smtp/commands.h"

enum argument { ARGUMENT_ANY, ARGUMENT_NONE, ARGUMENT_SOME };

struct rule {
	void (*run)(struct session *s, struct view argument, struct buf *out);
	enum reply says;        /* where there is nothing to run */
	enum argument argument;
	unsigned when;          /* bits of enum stage */
	enum reply otherwise;
	size_t more_bytes;      /* the line may be longer than 512 by this */
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

static const struct rule rules[VERBS] = {
	[VERB_EHLO] = { .run = hello_ehlo,
			.when = STAGE_ANY,
			.argument = ARGUMENT_SOME },
	[VERB_HELO] = { .run = hello_helo,
			.when = STAGE_ANY,
			.argument = ARGUMENT_SOME },
	[VERB_MAIL] = { .run = sender_run,
			.when = STAGE_GREETED,
			.argument = ARGUMENT_SOME,
			.otherwise = REPLY_NESTED_MAIL,
			.more_bytes = COMMAND_LINE_MAX_BYTES - 512 },
	[VERB_RCPT] = { .run = recipient_run,
			.argument = ARGUMENT_SOME,
			.when = STAGE_SENDER | STAGE_RECIPIENT,
			.otherwise = REPLY_MAIL_FIRST },
	[VERB_DATA] = { .run = content_data,
			.argument = ARGUMENT_NONE,
			.when = STAGE_SENDER | STAGE_RECIPIENT,
			.otherwise = REPLY_RECIPIENT_FIRST },
	/* Its bytes follow even where it is out of order. */
	[VERB_BDAT] = { .run = content_bdat,
			.argument = ARGUMENT_SOME,
			.when = STAGE_ANY },
	[VERB_RSET] = { .run = reset,
			.argument = ARGUMENT_NONE,
			.when = STAGE_ANY },
	[VERB_NOOP] = { .says = REPLY_OK, .when = STAGE_ANY },
	[VERB_QUIT] = { .run = leave,
			.argument = ARGUMENT_NONE,
			.when = STAGE_ANY },
	[VERB_VRFY] = { .says = REPLY_WILL_TRY,
			.when = STAGE_ANY,
			.argument = ARGUMENT_SOME,
			.more_bytes = 10 },
	[VERB_HELP] = { .says = REPLY_HELP, .when = STAGE_ANY },
	[VERB_STARTTLS] = { .run = hello_starttls,
			    .when = GREETED,
			    .argument = ARGUMENT_NONE,
			    .otherwise = REPLY_HELLO_FIRST },
	[VERB_XCLIENT] = { .run = xclient_run,
			   .when = STAGE_ANY,
			   .argument = ARGUMENT_SOME },
	[VERB_EXPN] = { .says = REPLY_NOT_OFFERED, .when = STAGE_ANY },
	[VERB_AUTH] = { .says = REPLY_NOT_OFFERED, .when = STAGE_ANY },
	[VERB_ETRN] = { .says = REPLY_NOT_OFFERED, .when = STAGE_ANY },
	[VERB_TURN] = { .says = REPLY_NOT_OFFERED, .when = STAGE_ANY },
	[VERB_UNKNOWN] = { .says = REPLY_UNKNOWN_VERB, .when = STAGE_ANY },
};

static enum reply
out_of_order(const struct session *s, const struct rule *r)
{
	if (s->stage == STAGE_START)
		return REPLY_HELLO_FIRST;
	return s->stage == STAGE_CHUNKS ? REPLY_CHUNKS_BEGUN : r->otherwise;
}

/* Whether the argument is there, or not there, as it must. */
static bool
fits(const struct rule *r, struct view argument)
{
	switch (r->argument) {
	case ARGUMENT_ANY:
		return true;
	case ARGUMENT_NONE:
		return argument.len == 0;
	case ARGUMENT_SOME:
		return argument.len > 0;
	}
	return false;
}

void
verbs_run(struct session *s, struct view line, struct buf *out)
{
	struct command command;

	if (command_parse(line, &command) != COMMAND_GOOD) {
		session_refuse(s, REPLY_BAD_LINE, out);
		return;
	}
	const struct rule *r = &rules[command.verb];
	if (line.len + 2 > 512 + r->more_bytes)
		session_refuse(s, REPLY_LINE_TOO_LONG, out);
	else if ((s->stage & r->when) == 0)
		session_refuse(s, out_of_order(s, r), out);
	else if (!fits(r, command.argument))
		session_refuse(s, r->argument == ARGUMENT_NONE
			       ? REPLY_NO_ARGUMENT_WANTED
			       : REPLY_BAD_ARGUMENT, out);
	else if (r->run != NULL)
		r->run(s, command.argument, out);
	else if (reply_class(r->says) == '5')
		session_refuse(s, r->says, out);
	else
		session_say(s, r->says, out);
}
