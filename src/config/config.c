/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration as a whole: read, handed out, compared, given back. */
#include "config/config.h"

#include "base/memory.h"
#include "config/reading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MIME_CPU_US = 5 * 1000 * 1000, LONGEST_WARNINGS = 1024 * 1024,
       LONGEST_FAULTS = 1024 * 1024 };

void
reading_release(struct reading *r)
{
	reading_wipe(&r->clean);
	free(r->rows);
	free(r->settings);
	free(r->blocks);
	free(r->names);
	faults_release(&r->faults);
	faults_release(&r->warnings);
}

/* What several rooms need, each in its own struct. */
static void
share(struct config *c)
{
	struct worker_settings *w = &c->worker;
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	w->store.transaction_bytes = w->smtp.transaction_bytes;
	w->store.message_size = w->smtp.message_size;
	w->smtp.has_blocked_query = w->store.blocked_senders_query[0] != '\0';
	w->smtp.has_domains_query = w->store.domains_query[0] != '\0';
	w->smtp.has_recipient_query = w->store.recipient_query[0] != '\0';
	if (w->workers == 0)
		w->workers = processors > 2 ? (size_t)processors : 2;
	/* Parsing must give up before the watchdog does. */
	w->mime.cpu_us = MIME_CPU_US;
	if (w->mime.cpu_us > c->watchdog_ms * 1000 / 2)
		w->mime.cpu_us = c->watchdog_ms * 1000 / 2;
}

/* What the command line says goes before the file. */
static void
override(struct config *c, const struct config_source *from)
{
	if (from->log_file != NULL)
		c->log.target = arena_copy(&c->arena,
					   view_of(from->log_file)).at;
	if (from->is_verbose) {
		c->log.level = LOG_LEVEL_DEBUG;
		c->log.has_console = !from->is_daemon &&
				     strcmp(c->log.target, "stderr") != 0;
	}
	if (from->is_daemon && strcmp(c->log.target, "stderr") == 0)
		c->log.target = "syslog";
}

struct config *
config_read(const struct config_source *from, struct buf *faults)
{
	struct config *c = memory_new(1, sizeof(*c));
	struct reading r = { .config = c, .faults = { .arena = &c->arena },
			     .warnings = { .arena = &c->arena } };

	parser_read(&r, from->file);
	string_values_decode(&r);
	reading_assign(&r);
	reading_fill_ranges(&r);
	reading_fill_domains(&r);
	reading_fill_listeners(&r, from->port);
	/* What is missing may stand behind a syntax error. */
	if (!r.is_cut) {
		reading_fill_certificates(&r);
		reading_fill_database(&r);
		reading_fill_retention(&r);
		override(c, from);
		reading_check(&r);
		share(c);
	}
	bool is_good = r.faults.count == 0;
	faults_print(&r.faults, r.names, faults);
	if (r.faults.count > FAULTS_SHOWN)
		buf_printf(faults, "%zu faults, %d of them shown\n",
			   r.faults.count, FAULTS_SHOWN);
	else if (r.faults.count > 1)
		buf_printf(faults, "%zu faults\n", r.faults.count);
	struct buf text = BUF(LONGEST_WARNINGS);
	faults_print(&r.warnings, r.names, &text);
	c->warnings = arena_copy(&c->arena, buf_view(&text)).at;
	buf_release(&text);
	reading_release(&r);
	if (!is_good)
		config_free(&c);
	return c;
}

struct config *
config_read_aloud(const struct config_source *from)
{
	struct buf faults = BUF(LONGEST_FAULTS);
	struct config *c = config_read(from, &faults);

	if (faults.len > 0)
		fwrite(faults.at, 1, faults.len, stderr);
	buf_release(&faults);
	return c;
}

void
config_log_warnings(const struct config *c)
{
	struct view rest = view_of(c->warnings);

	while (rest.len > 0) {
		struct view line = view_take_line(&rest);
		log_warn("configuration", LOG_VIEW("warning", line));
	}
}

/* The arena's copy, which is ours to write. */
void
config_forget_secrets(struct config *c)
{
	const char *password = c->worker.store.password;

	explicit_bzero((void *)password, strlen(password));
}

void
config_wipe_secrets(struct config *c)
{
	const char *password = c->worker.store.password;

	memory_wipe_copies(password, strlen(password));
	config_forget_secrets(c);
}

void
config_free(struct config **c)
{
	if (*c == NULL)
		return;
	struct config *old = *c;
	if (old->worker.store.password != NULL)
		config_forget_secrets(old);
	domains_free(&old->worker.smtp.domains);
	domains_free(&old->worker.smtp.discard_domains);
	domains_free(&old->worker.smtp.blocked_senders);
	free(old->files);
	arena_free(&old->arena);
	free(old);
	*c = NULL;
}

static bool
is_same(const char *key, const char *a, const char *b, struct buf *faults)
{
	if (strcmp(a, b) == 0)
		return true;
	buf_printf(faults, "%s: a change from \"%s\" to \"%s\" needs a "
		   "restart\n", key, a, b);
	return false;
}

bool
config_is_same_process(const struct config *a, const struct config *b,
		       struct buf *faults)
{
	bool same = is_same("user", a->user, b->user, faults);

	same = is_same("group", a->group, b->group, faults) && same;
	same = is_same("run_dir", a->run_dir, b->run_dir, faults) && same;
	same = is_same("pid_file", a->pid_file, b->pid_file, faults) && same;
	return is_same("allow_root", a->may_be_root ? "true" : "false",
		       b->may_be_root ? "true" : "false", faults) && same;
}
