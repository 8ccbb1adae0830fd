/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stack as "file+offset", which addr2line -e FILE turns into lines. What
 * the handler calls is not all safe in a signal; it runs once, in a process
 * that ends anyway, and the master kills one that gets stuck here. */
#include "supervisor/crash_trace.h"

#include "base/log.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 32, OWN_FRAMES = 2, STACK_BYTES = 64 * 1024 };

/* The program's own name is where the title lies by now. */
static const char *
file_of(const Dl_info *where)
{
	Dl_info own;
	const char *slash = strrchr(where->dli_fname, '/');

	if (dladdr(__extension__(void *)file_of, &own) != 0 &&
	    own.dli_fbase == where->dli_fbase)
		return "guerrilla-smtpd";
	return slash != NULL ? slash + 1 : where->dli_fname;
}

static void
write_trace(int signal)
{
	void *frames[FRAMES];
	char stack[FRAMES * 48];
	size_t len = 0;
	Dl_info where;

	int count = backtrace(frames, FRAMES);
	for (int i = OWN_FRAMES; i < count; i++) {
		const char *space = len > 0 ? " " : "";
		char *at = stack + len;
		int n;
		if (dladdr(frames[i], &where) == 0 || where.dli_fname == NULL)
			n = snprintf(at, sizeof(stack) - len, "%s%p", space,
				     frames[i]);
		else
			n = snprintf(at, sizeof(stack) - len, "%s%s+0x%lx",
				     space, file_of(&where), (unsigned long)
				     ((uintptr_t)frames[i] -
				      (uintptr_t)where.dli_fbase));
		if (n > 0 && (size_t)n < sizeof(stack) - len)
			len += (size_t)n;
	}
	log_crash("stack of a process that ends",
		  (const struct log_field[]){
			  LOG_NUM("signal", signal),
			  LOG_VIEW("stack", ((struct view){ stack, len })),
			  { .key = NULL } });
	raise(signal);          /* the default by now: it ends us */
}

/* A sanitizer tells more about a crash than we could. */
#if defined(__SANITIZE_ADDRESS__)
static const int crashes[] = { SIGABRT };
#else
static const int crashes[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL,
			       SIGSYS };
#endif

void
crash_trace_prepare(void)
{
	void *frames[1];
	stack_t stack = { .ss_size = STACK_BYTES };
	struct sigaction act = { .sa_handler = write_trace,
				 .sa_flags = (int)(SA_RESETHAND | SA_NODEFER |
						   SA_ONSTACK) };

	backtrace(frames, 1);   /* loads libgcc now */
	/* A stack that overflowed has no room for its own trace. */
	stack.ss_sp = malloc(STACK_BYTES);
	if (stack.ss_sp != NULL)
		sigaltstack(&stack, NULL);
	for (size_t i = 0; i < sizeof(crashes) / sizeof(*crashes); i++)
		sigaction(crashes[i], &act, NULL);
}
