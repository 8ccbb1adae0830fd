/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a handover gets through an exec: a file without a name, whose number
 * stands in the environment, and descriptors that stay open. */
#include "supervisor/handover.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define VARIABLE "GUERRILLA_SMTPD_HANDOVER"

enum { LARGEST = 1 << 20 };

static void
set_close_on_exec(int fd, bool closes)
{
	if (fd > STDERR_FILENO)
		fcntl(fd, F_SETFD, closes ? FD_CLOEXEC : 0);
}

/* A trial gets what it must show that it can use, no more. */
void
handover_keep_open(const struct handover *h, bool keep)
{
	for (size_t i = 0; i < h->listener_count; i++)
		set_close_on_exec(h->listeners[i].fd, !keep);
	for (size_t i = 0; i < h->spools.count; i++)
		set_close_on_exec(h->spools.at[i].fd, !keep);
	set_close_on_exec(h->lines[1], !keep);
	if (h->mode == HANDOVER_TRIAL)
		return;
	const int others[] = { h->pid_file,
			       h->scoreboard,
			       h->backlogs,
			       h->control,
			       h->lines[0],
			       h->connection_limits.fd };
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		set_close_on_exec(others[i], !keep);
	for (size_t i = 0; i < h->child_count; i++)
		set_close_on_exec(h->children[i].channel, !keep);
	for (size_t i = 0; i < h->asker_count; i++)
		set_close_on_exec(h->askers[i].fd, !keep);
}

static int
open_nameless(void)
{
#ifdef MFD_CLOEXEC
	return memfd_create("guerrilla-smtpd handover", 0);
#else
	char path[] = "/tmp/guerrilla-smtpd-XXXXXX";
	int fd = mkstemp(path);
	if (fd >= 0)
		unlink(path);
	return fd;
#endif
}

int
handover_write(const struct handover *h)
{
	struct buf text = BUF(LARGEST);
	char number[16];

	int fd = open_nameless();
	if (fd < 0)
		return -1;
	bool is_whole = handover_print(h, &text) == 0 &&
			write(fd, text.at, text.len) == (ssize_t)text.len;
	buf_release(&text);
	snprintf(number, sizeof(number), "%d", fd);
	if (is_whole && setenv(VARIABLE, number, 1) == 0)
		return fd;
	close(fd);
	return -1;
}

static int
named_descriptor(void)
{
	const char *text = getenv(VARIABLE);
	size_t fd;

	if (text == NULL || !view_to_size(view_of(text), INT32_MAX, &fd))
		return -1;
	return (int)fd;
}

void
handover_read(struct arena *arena, struct handover *out)
{
	struct buf text = BUF(LARGEST);
	int fd = named_descriptor();

	*out = (struct handover){ .mode = HANDOVER_NONE };
	if (fd < 0)
		return;
	char *at = buf_reserve(&text, LARGEST);
	ssize_t n = pread(fd, at, LARGEST, 0);
	if (n > 0) {
		text.len = (size_t)n;
		if (!handover_parse(buf_view(&text), arena, out))
			*out = (struct handover){ .mode = HANDOVER_NONE };
	}
	buf_release(&text);
}

void
handover_forget(void)
{
	int fd = named_descriptor();

	if (fd > STDERR_FILENO)
		close(fd);
	unsetenv(VARIABLE);
}
