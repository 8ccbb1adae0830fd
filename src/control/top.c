/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `-s top`: a look at the scoreboard each second. */
#include "control/top.h"

#include "base/clock.h"
#include "base/pid_file.h"
#include "control/terminal.h"
#include "control/top_screen.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVERY_MS = 1000, LONGEST_SCREEN = 1024 * 1024 };

struct top {
	const char *run_dir;
	const char *pid_file;
	struct top_screen screen;
	bool draws;
};

/* Anew each time: another master makes another one. NULL with errno, 0 where
 * nothing runs. */
static struct scoreboard *
open_board(const struct top *t)
{
	pid_t owner = pid_file_owner(t->pid_file);

	if (owner > 0)
		return scoreboard_open(t->run_dir);
	if (owner == 0)
		errno = 0;
	return NULL;
}

static void
show(struct top *t, bool is_due)
{
	struct moment now = { clock_us(), clock_wall_us() };
	struct buf text = BUF(LONGEST_SCREEN);
	struct scoreboard *b = open_board(t);

	if (is_due)
		top_look(&t->screen, b, &now);
	if (t->draws) {
		terminal_size(&t->screen.columns, &t->screen.rows);
		top_draw(&t->screen, b, &now, &text);
		terminal_show(&text);
	} else if (is_due) {
		top_print_line(&t->screen, b, &now, &text);
		fwrite(text.at, 1, text.len, stdout);
		fflush(stdout);
	}
	scoreboard_close(&b);
	buf_release(&text);
}

/* False where the key ends it. */
static bool
obey(struct top *t, int key, bool *is_due)
{
	struct top_screen *s = &t->screen;

	if (key == 's')
		s->order = (enum status_order)((s->order + 1) % STATUS_ORDERS);
	else if (key == '1')
		s->is_summary = !s->is_summary;
	else if (key == ' ')
		*is_due = true;
	return key != 'q' && key >= 0;
}

static void
watch(struct top *t)
{
	int64_t next_ms = clock_ms();
	bool goes_on = true;

	while (goes_on) {
		bool is_due = clock_ms() >= next_ms;
		if (is_due)
			next_ms = clock_ms() + EVERY_MS;
		show(t, is_due);
		if (!t->draws && ferror(stdout))
			return;
		int64_t left = next_ms - clock_ms();
		bool wants_now = false;
		goes_on = obey(t, terminal_wait(left > 0 ? (int)left : 0),
			       &wants_now);
		if (wants_now)
			next_ms = clock_ms();
	}
}

enum exit_code
top_run(const char *run_dir, const char *pid_file)
{
	struct top t = { .run_dir = run_dir, .pid_file = pid_file,
			 .draws = terminal_is_there() };
	struct scoreboard *b = open_board(&t);

	if (b == NULL) {
		fprintf(stderr, "guerrilla-smtpd: cannot read %s/scoreboard: "
			"%s\n", run_dir, strerror(errno));
		return EXIT_REFUSED;
	}
	scoreboard_close(&b);
	setlocale(LC_CTYPE, "");
	t.screen.is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	const char *no_color = getenv("NO_COLOR");
	t.screen.has_color = no_color == NULL || no_color[0] == '\0';
	if (terminal_enter(t.draws) != 0) {
		perror("guerrilla-smtpd: terminal");
		return EXIT_REFUSED;
	}
	watch(&t);
	terminal_leave();
	return EXIT_DONE;
}
