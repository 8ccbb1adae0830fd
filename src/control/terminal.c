/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal while `-s top` draws on it (ECMA-48, termios). */
#include "control/terminal.h"

#include "base/clock.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { COLUMNS = 80, ROWS = 24, LONGEST_SCREEN = 4 * 1024 * 1024 };

static struct termios before;
static sigset_t outside;                /* the mask while we wait */
static bool is_drawn_on;
static volatile sig_atomic_t wants_end;
static volatile sig_atomic_t wants_stop;

static void
put(const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(STDOUT_FILENO, text, len);
		if (n < 0 && errno != EINTR)
			return;
		text += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
}

static void
put_text(const char *text)
{
	put(text, strlen(text));
}

static void
note(int number)
{
	if (number == SIGTSTP)
		wants_stop = 1;
	else if (number != SIGWINCH && number != SIGCONT)
		wants_end = 1;
}

bool
terminal_is_there(void)
{
	const char *term = getenv("TERM");

	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) &&
	       term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0;
}

/* The other screen, no cursor; keys come at once, unseen. */
static int
take_over(void)
{
	struct termios now;

	assert(!is_drawn_on);
	if (tcgetattr(STDIN_FILENO, &now) != 0)
		return -1;
	before = now;
	now.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	now.c_cc[VMIN] = 1;
	now.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &now) != 0)
		return -1;
	is_drawn_on = true;
	put_text("\x1b[?1049h\x1b[?25l");
	return 0;
}

void
terminal_leave(void)
{
	if (!is_drawn_on)
		return;
	put_text("\x1b[?25h\x1b[?1049l");
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	is_drawn_on = false;
}

int
terminal_enter(bool draws)
{
	static const int ours[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE,
				    SIGTSTP, SIGCONT, SIGWINCH };
	struct sigaction action = { .sa_handler = note };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		sigaddset(&set, ours[i]);
		sigaction(ours[i], &action, NULL);
	}
	sigprocmask(SIG_BLOCK, &set, &outside);
	return draws ? take_over() : 0;
}

void
terminal_size(int *columns, int *rows)
{
	struct winsize size;

	*columns = COLUMNS;
	*rows = ROWS;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 ||
	    size.ws_row == 0)
		return;
	*columns = size.ws_col;
	*rows = size.ws_row;
}

/* Each line ends by clearing what an older one left behind it. The last one
 * has no LF, which would scroll. */
void
terminal_show(const struct buf *text)
{
	struct buf out = BUF(LONGEST_SCREEN);
	size_t len = text->len;

	if (len > 0 && text->at[len - 1] == '\n')
		len--;
	buf_append_text(&out, "\x1b[H");
	for (size_t i = 0; i < len; i++) {
		if (text->at[i] == '\n')
			buf_append_text(&out, "\x1b[K\r");
		buf_append_byte(&out, text->at[i]);
	}
	buf_append_text(&out, "\x1b[K\x1b[J");
	put(out.at, out.len);
	buf_release(&out);
}

int
terminal_wait(int ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000L };
	struct pollfd input = { .fd = is_drawn_on ? STDIN_FILENO : -1,
				.events = POLLIN };
	char key;

	assert(ms >= 0);
	int n = ppoll(&input, 1, &time, &outside);
	/* As the shell expects it of whom ^Z stops. */
	if (wants_stop) {
		bool was_drawn_on = is_drawn_on;
		wants_stop = 0;
		terminal_leave();
		raise(SIGSTOP);
		if (was_drawn_on)
			take_over();
	}
	if (wants_end)
		return -1;
	if (n <= 0)
		return 0;
	return read(STDIN_FILENO, &key, 1) == 1 ? (unsigned char)key : -1;
}
