/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signals as a readable descriptor: a handler sets the signal's flag and
 * writes one byte; a full pipe is readable already, so no signal is lost. */
#include "base/signals.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static volatile sig_atomic_t came[NSIG];
static volatile struct signal_sender senders[NSIG];
static int ends[2] = { -1, -1 };

static void
note(int signal, siginfo_t *info, void *context)
{
	int error = errno;

	(void)context;
	senders[signal].pid = info->si_code <= 0 ? info->si_pid : 0;
	senders[signal].uid = info->si_code <= 0 ? info->si_uid : 0;
	came[signal] = 1;
	ssize_t ignored = write(ends[1], "", 1);
	(void)ignored;
	errno = error;
}

static void
dispose(int signal, void (*how)(int))
{
	struct sigaction act = { .sa_handler = how, .sa_flags = SA_RESTART };

	sigfillset(&act.sa_mask);
	sigaction(signal, &act, NULL);
}

static void
unblock_all(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int
signals_catch(const int *list)
{
	assert(ends[0] < 0);
	if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0)
		return -1;
	dispose(SIGPIPE, SIG_IGN);
	struct sigaction act = { .sa_sigaction = note,
				 .sa_flags = SA_RESTART | SA_SIGINFO };
	sigfillset(&act.sa_mask);
	for (; *list != 0; list++)
		sigaction(*list, &act, NULL);
	/* Whoever started us may have blocked some. */
	unblock_all();
	return ends[0];
}

void
signals_quiet(void)
{
	char bytes[256];

	while (read(ends[0], bytes, sizeof(bytes)) > 0)
		;
}

bool
signals_came(int signal, struct signal_sender *out)
{
	assert(signal >= 0 && signal < NSIG);
	if (!came[signal])
		return false;
	came[signal] = 0;
	if (out != NULL)
		*out = (struct signal_sender){ senders[signal].pid,
					       senders[signal].uid };
	return true;
}

void
signals_for_child(void)
{
	static const int ignored[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT,
				       SIGUSR1, SIGUSR2, SIGTTIN, SIGTTOU,
				       SIGPIPE, SIGXFSZ };

	for (int i = 1; i < NSIG; i++) {
		if (i != SIGKILL && i != SIGSTOP)
			dispose(i, SIG_DFL);
		came[i] = 0;
	}
	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		dispose(ignored[i], SIG_IGN);
	for (int i = 0; i < 2; i++) {
		if (ends[i] >= 0)
			close(ends[i]);
		ends[i] = -1;
	}
	unblock_all();
}
