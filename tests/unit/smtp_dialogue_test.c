/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replays tests/wire/x.smtp against the session with a store that only
 * remembers: each dialogue whole, byte by byte, and with every step cut at
 * every position. tests/wire/README tells the notation. */
#include "smtp/session.h"

#include "support/smtp_play.h"

#include <glob.h>

enum { MOST_DIALOGUES = 1000 };

/* ---- Steps ------------------------------------------------------------- */

static void
usual_way(struct play *p, const char *to)
{
	static const struct { const char *name, *line; } ways[] = {
		{ "ehlo", "EHLO client.example\r\n" },
		{ "mail", "MAIL FROM:<a@sender.example>\r\n" },
		{ "rcpt", "RCPT TO:<b@example.com>\r\n" },
		{ "data", "DATA\r\n" },
	};

	for (size_t i = 0; i < 4; i++) {
		play_client_sends(p, view_of(ways[i].line));
		if (p->said.len == 0 || p->said.at[0] > '3')
			play_fault(p, ways[i].line, buf_view(&p->said));
		p->said.len = 0;
		if (strcmp(ways[i].name, to) == 0)
			return;
	}
	play_fault(p, "no such way", VIEW(""));
}

static void
end_session(struct play *p, const char *why)
{
	static const char *const names[] = { "idle", "slow", "stopping",
		"rate", "overload", "no_store", "blocked", "early", NULL };
	size_t which;

	if (strcmp(why, "give_up") == 0)
		session_give_up_message(p->s);
	else if (play_one_of(why, names, &which))
		session_end(p->s, (enum session_end)which, &p->out);
	else
		play_fault(p, "no such end", VIEW(""));
	play_flush(p);
}

static void
server_says(struct play *p, struct view expected)
{
	struct view said = buf_view(&p->said);
	size_t end = view_find(said, '\n');

	if (end == said.len || end == 0 || end + 1 > 512 ||
	    said.at[end - 1] != '\r')
		play_fault(p, "no reply", said);
	struct view line = view_slice(said, 0, end - 1);
	bool is_open = expected.len > 0 &&
		       expected.at[expected.len - 1] == '*';
	if (is_open ? !view_starts_nocase(line, view_slice(expected, 0,
					   expected.len - 1))
		    : !view_equal(line, expected))
		play_fault(p, "another reply", said);
	buf_consume(&p->said, end + 1);
}

/* The whole reply is good, and has these words, or with a ! not. */
static void
server_offers(struct play *p, struct view words)
{
	struct view said = buf_view(&p->said);
	size_t last = 0, end = 0;

	while (end < said.len && (end == 0 || said.at[last + 3] != ' ')) {
		last = end;
		end += view_find(view_slice(said, end, said.len), '\n') + 1;
		if (end > said.len || end - last < 6 || said.at[last] != '2')
			play_fault(p, "no good reply", said);
		buf_append_byte(&p->offers, ' ');
		buf_append(&p->offers, view_slice(said, last + 4, end - 2));
	}
	buf_append_text(&p->offers, " ");
	while (words.len > 0) {
		struct view word = view_slice(words, 0, view_find(words, ' '));
		bool is_wanted = word.len > 0 && word.at[0] != '!';
		char text[64];
		int len = snprintf(text, sizeof(text), " %.*s ",
				   (int)word.len - !is_wanted,
				   word.at + !is_wanted);
		if ((memmem(p->offers.at, p->offers.len, text,
			    (size_t)len) != NULL) != is_wanted)
			play_fault(p, text, said);
		words = view_slice(words, word.len + 1, words.len);
	}
	p->offers.len = 0;
	buf_consume(&p->said, end);
}

static void
same(struct play *p, const struct buf *got, struct view expected)
{
	if (!view_equal(buf_view(got), expected))
		play_fault(p, "is not so", buf_view(got));
}

static void
expect(struct play *p, char kind, struct view text)
{
	const char *remark;

	switch (kind) {
	case 'S':
		server_says(p, text);
		break;
	case 'O':
		server_offers(p, text);
		break;
	case 'M':
		buf_append(&p->expected_body, text);
		if (p->step + 1 == p->d->count ||
		    p->d->steps[p->step + 1][0] != 'M') {
			same(p, &p->body, buf_view(&p->expected_body));
			p->expected_body.len = 0;
		}
		break;
	case 'E':
		same(p, &p->envelope, text);
		break;
	case 'A':
		same(p, &p->addresses, text);
		break;
	case 'I':
		same(p, &p->client, text);
		break;
	case 'P':
		same(p, &p->protocol, text);
		break;
	case 'W':
		remark = session_remark(p->s);
		if (!view_equal(view_of(remark), text))
			play_fault(p, "another remark", view_of(remark));
		break;
	case 'X':
		if (session_want(p->s) != SESSION_WANTS_CLOSE)
			play_fault(p, "does not want to close", VIEW(""));
		break;
	default:
		play_fault(p, "no such step", VIEW(""));
	}
}

static void
take_step(struct play *p, const char *step)
{
	char kind = step[0];
	const char *text = step + (kind == '=' || kind == '!' ? 2 : 3);
	struct buf bytes = BUF(MOST_TEXT);
	char key[32] = "";

	if (step[0] == '\0' || step[0] == '#')
		return;
	if (strlen(step) < 3)
		text = "";
	if (kind == '=') {
		size_t len = strcspn(text, " ");
		snprintf(key, sizeof(key), "%.*s", (int)len, text);
		if (!play_set(p, key, text[len] ? text + len + 1 : ""))
			play_fault(p, "no such setting", VIEW(""));
		return;
	}
	dialogue_unescape(text, &bytes);
	if (kind == 'C')
		buf_append_text(&bytes, "\r\n");
	if (kind == 'C' || kind == 'R')
		play_client_sends(p, buf_view(&bytes));
	else if (kind == 'H')
		usual_way(p, text);
	else if (kind == '!')
		end_session(p, text);
	else
		expect(p, kind, buf_view(&bytes));
	buf_release(&bytes);
}

static void
greet(struct play *p)
{
	session_greet(p->s, &p->out);
	play_flush(p);
	if (!view_starts_nocase(buf_view(&p->said),
				VIEW("220 mail.example.com ESMTP ")))
		play_fault(p, "no greeting", buf_view(&p->said));
	p->said.len = 0;
}

static void
play(const struct dialogue *d, size_t cut)
{
	struct play p = { .d = d, .cut = cut, .out = BUF(SESSION_OUT_CEILING),
		.said = BUF(MOST_TEXT), .body = BUF(MOST_TEXT),
		.envelope = BUF(MOST_TEXT), .addresses = BUF(MOST_TEXT),
		.protocol = BUF(MOST_TEXT), .client = BUF(MOST_TEXT),
		.expected_body = BUF(MOST_TEXT), .offers = BUF(MOST_TEXT),
		.verdict = VERDICT_STORED };

	smtp_fixture_init(&p.f);
	p.s = session_new(&p.f.settings, &p.f.state, &p.f.budget, &p.f.client);
	if (d->count > 0 && d->steps[0][0] != '!')
		greet(&p);
	for (p.step = 0; p.step < d->count; p.step++)
		take_step(&p, d->steps[p.step]);
	p.step--;
	if (p.said.len > 0)
		play_fault(&p, "more was said", buf_view(&p.said));
	session_free(&p.s);
	assert_int_equal(p.f.budget.used, 0);
	smtp_fixture_deinit(&p.f);
	buf_release(&p.out);
	buf_release(&p.said);
	buf_release(&p.body);
	buf_release(&p.envelope);
	buf_release(&p.addresses);
	buf_release(&p.protocol);
	buf_release(&p.client);
	buf_release(&p.expected_body);
	buf_release(&p.offers);
}

static void
plays_however_it_is_cut(void **state)
{
	const struct dialogue *d = *state;

	play(d, SIZE_MAX);
	play(d, 0);
	for (size_t cut = 1; cut < d->longest; cut++)
		play(d, cut);
}

int
main(void)
{
	static struct dialogue dialogues[MOST_DIALOGUES];
	static struct CMUnitTest tests[MOST_DIALOGUES];
	size_t count = 0;
	glob_t files;

	if (glob("tests/wire/*.smtp", 0, NULL, &files) != 0)
		return 1;
	for (size_t i = 0; i < files.gl_pathc; i++)
		count = dialogue_read(files.gl_pathv[i], dialogues, count);
	for (size_t i = 0; i < count; i++)
		tests[i] = (struct CMUnitTest){
			.name = dialogues[i].name,
			.test_func = plays_however_it_is_cut,
			.initial_state = &dialogues[i],
		};
	int failed = _cmocka_run_group_tests("dialogues", tests, count, NULL,
					     NULL);
	for (size_t i = 0; i < count; i++)
		dialogue_free(&dialogues[i]);
	globfree(&files);
	return failed;
}
