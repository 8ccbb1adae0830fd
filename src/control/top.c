/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `-s top`: a look at the scoreboard each second, and rates from one to the
 * next. */
#include "control/top.h"

#include "base/clock.h"
#include "base/pid_file.h"
#include "base/service_health.h"
#include "control/terminal.h"

#include <assert.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	EVERY_MS = 1000,
	LONGEST_SCREEN = 1024 * 1024,
	LONGEST_TABLE = 1024 * 1024,
	LONGEST_FAULTS = 64 * 1024
};

static void
look_at_times(struct top_times *t, const struct scoreboard *b,
	      enum slot_histogram which, bool is_first)
{
	memmove(t->then + 1, t->then, (TOP_WINDOW - 1) * sizeof(*t->then));
	t->then[0] = t->now;
	t->now = (struct histogram){ .sum = 0 };
	if (b != NULL)
		scoreboard_read_histogram(b, which, &t->now);
	for (int i = 0; is_first && i < TOP_WINDOW; i++)
		t->then[i] = t->now;
}

void
top_look(struct top_screen *t, const struct scoreboard *b,
	 const struct moment *now)
{
	struct scoreboard_figures f = { .master = 0 };
	double seconds = (double)(now->now_us - t->looked_us) / 1e6;

	assert(t->history_count <= TOP_HISTORY);
	if (b != NULL)
		scoreboard_read_figures(b, &f);
	/* Another master may have begun to count anew. */
	bool is_first = b == NULL || t->looked_us == 0 ||
			t->master != f.master || seconds <= 0;
	for (int i = 0; i < SLOT_COUNTERS; i++) {
		bool has_grown = f.counters[i] > t->counters[i];
		t->rates[i] = is_first || !has_grown ? 0 :
			(double)(f.counters[i] - t->counters[i]) / seconds;
		t->counters[i] = f.counters[i];
	}
	look_at_times(&t->reply, b, HISTOGRAM_REPLY, is_first);
	look_at_times(&t->commit, b, HISTOGRAM_COMMIT, is_first);
	if (t->looked_us != 0 && t->history_count == TOP_HISTORY)
		memmove(t->history, t->history + 1,
			--t->history_count * sizeof(t->history[0]));
	if (t->looked_us != 0)
		t->history[t->history_count++] = t->rates[COUNT_MAILS_ACCEPTED];
	t->looked_us = now->now_us;
	t->master = f.master;
}

/* Eight heights of a character; where there is no UTF-8, what ASCII has. */
static void
draw_history(const struct top_screen *t, struct buf *out)
{
	static const char ascii[] = "_.,-=+*#";
	double most = 0;
	size_t room = t->columns > 20 ? (size_t)t->columns - 20 : 0;
	size_t shown = t->history_count < room ? t->history_count : room;
	const double *at = t->history + t->history_count - shown;

	for (size_t i = 0; i < shown; i++)
		most = at[i] > most ? at[i] : most;
	buf_append_text(out, "last minute  ");
	for (size_t i = 0; i < shown; i++) {
		int height = most > 0 ? (int)(at[i] / most * 7.0) : 0;
		if (t->is_utf8)
			buf_printf(out, "\xe2\x96%c", 0x81 + height);
		else
			buf_append_byte(out, ascii[height]);
	}
	buf_append_byte(out, '\n');
}

/* Text behind a name, in full or as far as the line goes. */
static void
draw_line(const struct top_screen *t, const char *color, struct view text,
	  struct buf *out)
{
	bool is_colored = t->has_color && color[0] != '\0';
	struct view line = view_slice(text, 0, (size_t)t->columns);

	if (is_colored)
		buf_append_text(out, color);
	buf_append(out, line);
	if (is_colored)
		buf_append_text(out, "\x1b[0m");
	buf_append_byte(out, '\n');
}

static void
draw_lines(const struct top_screen *t, const char *color, struct buf *text,
	   struct buf *out)
{
	struct view rest = buf_view(text);

	while (rest.len > 0)
		draw_line(t, color, view_take_line(&rest), out);
	buf_release(text);
}

static void
draw_head(const struct top_screen *t, const struct scoreboard *b,
	  const struct moment *now, struct buf *out)
{
	struct buf text = BUF(LONGEST_FAULTS);
	struct buf faults = BUF(LONGEST_FAULTS);
	struct scoreboard_figures f;
	struct service_health h;
	char span[HUMAN_SIZE];

	scoreboard_read_figures(b, &f);
	service_health_read(b, &h);
	buf_printf(&text, "guerrilla-smtpd %s: master %ld, up %s, generation "
		   "%u\n", f.version, (long)f.master,
		   human_span(human_elapsed(f.began_wall_us, now->wall_us),
			      span), f.generation);
	draw_lines(t, "\x1b[1m", &text, out);
	bool is_well = service_health_faults(&h, now->wall_us / 1000000,
					     &faults) == 0;
	if (is_well)
		buf_append_text(&faults, "All is well.\n");
	draw_lines(t, is_well ? "\x1b[32m" : "\x1b[1;31m", &faults, out);
}

/* Milliseconds in which that part of the last seconds' were done. */
static double
within_ms(const struct top_times *t, double part)
{
	struct histogram h = histogram_since(&t->now,
					     &t->then[TOP_WINDOW - 1]);

	return histogram_quantile(&h, UNIT_SECONDS, part) / 1000;
}

static void
draw_rates(const struct top_screen *t, const struct scoreboard *b,
	   struct buf *out)
{
	struct buf text = BUF(LONGEST_FAULTS);
	char bytes[HUMAN_SIZE];
	const double *r = t->rates;

	buf_printf(&text, "mails/s      accepted %.1f, refused %.1f, deferred "
		   "%.1f, spooled %.1f\n", r[COUNT_MAILS_ACCEPTED],
		   r[COUNT_MAILS_REFUSED], r[COUNT_MAILS_DEFERRED],
		   r[COUNT_MAILS_SPOOLED]);
	buf_printf(&text, "per second   connections %.1f, rows %.1f, batches "
		   "%.1f, bytes %s\n", r[COUNT_CONNECTIONS], r[COUNT_ROWS],
		   r[COUNT_BATCHES],
		   human_bytes((uint64_t)r[COUNT_BYTES], bytes));
	buf_printf(&text, "ms           reply p50 %.1f, p99 %.1f; commit p50 "
		   "%.1f, p99 %.1f\n", within_ms(&t->reply, 0.5),
		   within_ms(&t->reply, 0.99), within_ms(&t->commit, 0.5),
		   within_ms(&t->commit, 0.99));
	buf_printf(&text, "now          sessions %llu, messages that wait "
		   "%llu, spool files %llu\n",
		   (unsigned long long)scoreboard_sum(b, GAUGE_SESSIONS),
		   (unsigned long long)scoreboard_sum(b, GAUGE_HELD),
		   (unsigned long long)scoreboard_sum(b, GAUGE_SPOOL_FILES));
	draw_lines(t, "", &text, out);
	draw_history(t, out);
}

void
top_draw(const struct top_screen *t, const struct scoreboard *b,
	 const struct moment *now, struct buf *out)
{
	struct buf table = BUF(LONGEST_TABLE);
	size_t from = out->len;

	if (b == NULL) {
		draw_line(t, "\x1b[1;31m",
			  VIEW("guerrilla-smtpd does not run; waiting"), out);
		return;
	}
	draw_head(t, b, now, out);
	draw_rates(t, b, out);
	if (!t->is_summary) {
		struct status_shape shape = { t->columns, t->order };
		status_print_table(b, now, &shape, &table);
		buf_append_byte(out, '\n');
		draw_lines(t, "", &table, out);
	}
	/* No more lines than the terminal has. */
	int lines = 0;
	for (size_t i = from; i < out->len; i++)
		if (out->at[i] == '\n' && ++lines == t->rows)
			out->len = i + 1;
}

/* The rates as one line, for what is no terminal. */
static void
print_line(const struct top_screen *t, const struct scoreboard *b,
	   const struct moment *now, struct buf *out)
{
	time_t seconds = (time_t)(now->wall_us / 1000000);
	struct tm utc = { 0 };
	char text[32];

	gmtime_r(&seconds, &utc);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
	if (b == NULL) {
		buf_printf(out, "%s not running\n", text);
		return;
	}
	buf_printf(out, "%s accepted/s %.1f refused/s %.1f deferred/s %.1f "
		   "connections/s %.1f rows/s %.1f sessions %llu "
		   "reply_p50_ms %.1f reply_p99_ms %.1f\n", text,
		   t->rates[COUNT_MAILS_ACCEPTED],
		   t->rates[COUNT_MAILS_REFUSED],
		   t->rates[COUNT_MAILS_DEFERRED], t->rates[COUNT_CONNECTIONS],
		   t->rates[COUNT_ROWS],
		   (unsigned long long)scoreboard_sum(b, GAUGE_SESSIONS),
		   within_ms(&t->reply, 0.5), within_ms(&t->reply, 0.99));
}

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
		print_line(&t->screen, b, &now, &text);
		fwrite(text.at, 1, text.len, stdout);
		fflush(stdout);
	}
	scoreboard_close(&b);
	buf_release(&text);
}

enum exit_code
top_run(const char *run_dir, const char *pid_file)
{
	struct top t = { .run_dir = run_dir, .pid_file = pid_file,
			 .draws = terminal_is_there() };
	struct top_screen *s = &t.screen;
	struct scoreboard *b = open_board(&t);

	if (b == NULL) {
		fprintf(stderr, "guerrilla-smtpd: cannot read %s/scoreboard: "
			"%s\n", run_dir, strerror(errno));
		return EXIT_REFUSED;
	}
	scoreboard_close(&b);
	setlocale(LC_CTYPE, "");
	s->is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	const char *no_color = getenv("NO_COLOR");
	s->has_color = no_color == NULL || no_color[0] == '\0';
	if (terminal_enter(t.draws) != 0) {
		perror("guerrilla-smtpd: terminal");
		return EXIT_REFUSED;
	}
	int64_t next_ms = clock_ms();
	for (int key = 0; key != 'q' && key >= 0;) {
		bool is_due = clock_ms() >= next_ms;
		if (is_due)
			next_ms = clock_ms() + EVERY_MS;
		show(&t, is_due);
		if (!t.draws && ferror(stdout))
			break;
		int64_t left = next_ms - clock_ms();
		key = terminal_wait(left > 0 ? (int)left : 0);
		if (key == 's')
			s->order = (enum status_order)((s->order + 1) %
						       STATUS_ORDERS);
		else if (key == '1')
			s->is_summary = !s->is_summary;
		else if (key == ' ')
			next_ms = clock_ms();
	}
	terminal_leave();
	return EXIT_DONE;
}
