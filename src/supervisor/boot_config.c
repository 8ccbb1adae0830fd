/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a process gets its configuration from when it starts: as a fresh
 * master, as a trial, or in the middle of an upgrade, where there is no
 * giving up. */
#include "supervisor/boot_config.h"

#include "supervisor/startup.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

struct config_source
boot_config_source(const struct config_source *own, const struct handover *h)
{
	struct config_source source = *own;

	if (h->mode == HANDOVER_NONE)
		return source;
	source.file = h->config_file;
	source.log_file = h->log_file[0] != '\0' ? h->log_file : NULL;
	return source;
}

void
boot_config_go_back(struct handover *h, const struct supervisor_options *o,
		    const char *why)
{
	int program = h->old_program;

	h->mode = HANDOVER_RETURN;
	h->reason = why;
	handover_forget();
	handover_keep_open(h, true);
	if (handover_write(h) >= 0)
		fexecve(program, o->argv, environ);
}

/* The children serve meanwhile. Signals are still blocked from before the
 * exec; one that ends the service is obeyed all the same. */
static struct config *
await_config(const struct config_source *source)
{
	for (;;) {
		struct buf faults = BUF(65536);
		struct config *c = config_read(source, &faults);
		sigset_t pending;
		if (c != NULL)
			return c;
		fprintf(stderr, "guerrilla-smtpd: waiting for a configuration "
			"that can be read: %.*s", (int)faults.len, faults.at);
		buf_release(&faults);
		sigpending(&pending);
		if (sigismember(&pending, SIGTERM) == 1 ||
		    sigismember(&pending, SIGINT) == 1 ||
		    sigismember(&pending, SIGQUIT) == 1)
			_exit(EXIT_CONFIG);
		sleep(1);
	}
}

struct config *
supervisor_boot_config(const struct supervisor_options *o, struct buf *faults)
{
	struct arena arena = { 0 };
	struct handover h;

	handover_read(&arena, &h);
	const struct config_source source = boot_config_source(&o->source, &h);
	struct config *c = config_read(&source, faults);
	if (c == NULL && h.mode == HANDOVER_TAKEOVER)
		boot_config_go_back(&h, o, "the configuration cannot be read");
	if (c == NULL && (h.mode == HANDOVER_TAKEOVER ||
			  h.mode == HANDOVER_RETURN)) {
		buf_release(faults);
		c = await_config(&source);
	}
	arena_free(&arena);
	return c;
}
