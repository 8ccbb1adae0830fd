/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/smtp_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

const char envelope[] = "EHLO c.example\r\nMAIL FROM:<a@b.example>\r\n"
			       "RCPT TO:<b@example.com>\r\n";

int
smtp_world_begin(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	smtp_fixture_init(&w->f);
	w->out = BUF(SESSION_OUT_CEILING);
	w->s = session_new(&w->f.settings, &w->f.state, &w->f.budget,
			   &w->f.client);
	*state = w;
	return 0;
}

int
smtp_world_end(void **state)
{
	struct world *w = *state;

	session_free(&w->s);
	assert_null(w->s);
	session_free(&w->s);
	assert_int_equal(w->f.budget.used, 0);
	buf_release(&w->out);
	smtp_fixture_deinit(&w->f);
	free(w);
	return 0;
}

char
say(struct world *w, const char *text)
{
	struct view v = view_of(text);
	char class = '\0';

	while (v.len > 0) {
		size_t n = session_feed(w->s, v, &w->out);
		if (w->out.len > 0)
			class = w->out.at[0];
		if (n == 0 && w->out.len == 0)
			break;
		w->out.len = 0;
		v = view_slice(v, n, v.len);
	}
	return class;
}
