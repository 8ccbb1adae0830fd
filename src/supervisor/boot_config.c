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

struct config *
boot_config_await(const struct config_source *source, struct buf *why)
{
	struct config *c = NULL;
	sigset_t pending;

	while (c == NULL) {
		fprintf(stderr, "guerrilla-smtpd: waiting: %.*s", (int)why->len,
			why->len > 0 ? why->at : "");
		buf_release(why);
		sigpending(&pending);
		if (sigismember(&pending, SIGTERM) == 1 ||
		    sigismember(&pending, SIGINT) == 1 ||
		    sigismember(&pending, SIGQUIT) == 1)
			_exit(EXIT_CONFIG);
		sleep(1);
		c = config_read(source, why);
	}
	buf_release(why);
	return c;
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
		c = boot_config_await(&source, faults);
	arena_free(&arena);
	return c;
}
