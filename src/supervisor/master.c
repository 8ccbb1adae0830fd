/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The master before it has anything, and its place in the log. */
#include "supervisor/master.h"

#include "base/memory.h"
#include "base/process.h"
#include "supervisor/boot_config.h"
#include "supervisor/upgrade.h"

#include <sys/mman.h>

static const char *
copy_text(const char *text)
{
	return text != NULL ? memory_copy_text(text) : NULL;
}

struct master *
master_new(const struct supervisor_options *o, const struct handover *h)
{
	const struct config_source source = boot_config_source(&o->source, h);
	struct master *m = memory_new(1, sizeof(*m));

	m->options = *o;
	m->options.source.file = copy_text(source.file);
	m->options.source.log_file = copy_text(source.log_file);
	m->options.argv = title_prepare(o->argc, o->argv);
	m->control.listener = -1;
	m->pid_file = m->ready_pipe = -1;
	m->now.log_file = m->next.log_file = -1;
	m->tickets = memfd_create("tickets", MFD_CLOEXEC);
	upgrade_note_program(m);
	for (int i = 0; i < SCOREBOARD_SLOTS; i++)
		m->children[i] = NO_CHILD;
	return m;
}

void
master_init_log(const struct master *m)
{
	const struct log_client client = {
		.fd = m->lines[1],
		.format = m->now.config->log.format,
		.level = m->now.config->log.level,
		.name = "master",
		.slot = scoreboard_slot_at(m->scoreboard, 0),
	};

	log_init(&client);
}
