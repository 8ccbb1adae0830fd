/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What must be there, what must fit together, and names that must exist. */
#include "config/reading.h"

#include "config/hostname.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	LONGEST_TABLE = 64,
	MOST_EVENT_SOCKETS = 8,
	LONGEST_SOCKET = sizeof(((struct sockaddr_un *)0)->sun_path) - 1,
	LONGEST_RUN_DIR = LONGEST_SOCKET - sizeof("/control") + 1
};

/* The name as an A-label, or the same text with a fault. */
static const char *
as_domain(struct reading *r, const char *key, const char *text)
{
	const char *name = hostname_copy(&r->config->arena, view_of(text));

	if (name != NULL)
		return name;
	reading_fault(r, "", key, "\"%.200s\" is not a domain name", text);
	return text;
}

static void
check_names(struct reading *r)
{
	struct smtp_settings *smtp = &r->config->worker.smtp;

	if (smtp->hostname[0] != '\0')
		smtp->hostname = as_domain(r, "hostname", smtp->hostname);
	else if (reading_find(r, "", "hostname") != NULL)
		reading_fault(r, "", "hostname", "is empty");
	else if (r->faults.count == 0)
		smtp->hostname = hostname_find(&r->config->arena);
	if (strchr(smtp->hostname, '.') == NULL && smtp->hostname[0] != '\0')
		reading_warn(r, "", "hostname", "\"%.200s\" has no dot: a full "
			     "name belongs in the greeting and in Received",
			     smtp->hostname);
	if (smtp->primary_host[0] != '\0')
		smtp->primary_host = as_domain(r, "primary_host",
					       smtp->primary_host);
}

static void
check_account(struct reading *r)
{
	const struct config *c = r->config;
	const struct passwd *user = getpwnam(c->user);
	size_t number;

	/* By name or by number, as they are looked up at start. */
	if (user == NULL && view_to_size(view_of(c->user), INT32_MAX, &number))
		user = getpwuid((uid_t)number);
	if (user == NULL)
		reading_fault(r, "", "user", "no user \"%.100s\" here; as "
			      "root: adduser --system --group "
			      "--no-create-home %.100s", c->user, c->user);
	else if (user->pw_uid == 0 && !c->may_be_root)
		reading_fault(r, "", "user",
			      "\"%.100s\" is root: needs allow_root = true",
			      c->user);
	if (c->group[0] != '\0' && getgrnam(c->group) == NULL &&
	    !view_to_size(view_of(c->group), INT32_MAX, &number))
		reading_fault(r, "", "group", "no group \"%.100s\" here",
			      c->group);
}

static void
check_paths(struct reading *r)
{
	struct config *c = r->config;
	const struct store_settings *store = &c->worker.store;
	struct value_walk walk = { 0 };

	if (c->run_dir[0] == '\0')
		reading_fault(r, "", "run_dir", "is empty");
	else if (strlen(c->run_dir) > LONGEST_RUN_DIR)
		reading_fault(r, "", "run_dir", "is longer than %d bytes: no "
			      "socket could be made in it", LONGEST_RUN_DIR);
	if (strlen(store->socket) > LONGEST_SOCKET)
		reading_fault(r, "mysql", "socket", "a socket's path ends at "
			      "%d bytes", LONGEST_SOCKET);
	if (c->pid_file[0] == '\0')
		c->pid_file = reading_path_in(&c->arena, c->run_dir, "pid");
	if (store->spool_dir[0] == '\0' &&
	    store->on_outage == STORE_OUTAGE_SPOOL)
		reading_fault(r, "store", "spool_dir",
			      "is empty, but on_outage is \"spool\"");
	/* Nobody need have bound the sockets for events yet. */
	while (reading_next_value(r, "notify", "socket", &walk))
		if (walk.text[0] != '/')
			faults_add(&r->faults, walk.at, "notify.socket",
				   "\"%.100s\" is not an absolute path",
				   walk.text);
		else if (strlen(walk.text) > LONGEST_SOCKET)
			faults_add(&r->faults, walk.at, "notify.socket",
				   "a socket's path ends at %d bytes",
				   LONGEST_SOCKET);
	if (store->event_sockets.count > MOST_EVENT_SOCKETS)
		reading_fault(r, "notify", "socket", "has more than %d",
			      MOST_EVENT_SOCKETS);
}

/* The folder must be there: the logger makes the file in it. */
static void
check_log(struct reading *r)
{
	const struct config *c = r->config;
	const struct setting *s = reading_find(r, "log", "target");
	const char *given = s != NULL ? s->values[0].text : "stderr";
	const char *target = c->log.target;     /* -l goes before the file */
	const char *slash = strrchr(target, '/');
	char folder[PATH_MAX];
	struct stat st;

	if (given[0] != '/' && strcmp(given, "stderr") != 0 &&
	    strcmp(given, "syslog") != 0)
		reading_fault(r, "log", "target", "\"%.100s\" is not stderr, "
			      "syslog or an absolute path", given);
	if (slash == NULL || slash == target ||
	    snprintf(folder, sizeof(folder), "%.*s", (int)(slash - target),
		     target) >= (int)sizeof(folder))
		return;
	if (stat(folder, &st) != 0)
		reading_fault(r, "log", "target", "%s: %s; as root: install "
			      "-d -m 0750 -o %s%s%s %s", folder,
			      strerror(errno), c->user,
			      c->group[0] != '\0' ? " -g " : "", c->group,
			      folder);
}

/* Nothing here is needed to start: mail is answered 451 meanwhile. */
static void
check_database(struct reading *r)
{
	const struct store_settings *store = &r->config->worker.store;
	bool has_section = false;

	for (size_t i = 0; i < r->setting_count; i++)
		has_section = has_section ||
			strcmp(r->settings[i].key->section, "mysql") == 0;
	if (!has_section)
		reading_warn(r, "mysql", "database", "missing, as all of "
			     "section mysql: no mail can be stored");
	else if (store->database[0] == '\0')
		reading_warn(r, "mysql", "database",
			     "missing: no mail can be stored");
}

/* Question marks outside of quotes and quoted names. */
static size_t
placeholders(const char *sql)
{
	size_t count = 0;
	char quote = '\0';

	for (; *sql != '\0'; sql++) {
		if (quote != '\0' && quote != '`' && *sql == '\\' &&
		    sql[1] != '\0')
			sql++;
		else if (*sql == quote)
			quote = '\0';
		else if (quote == '\0' && strchr("'\"`", *sql) != NULL)
			quote = *sql;
		else if (quote == '\0' && *sql == '?')
			count++;
	}
	return count;
}

static void
check_queries(struct reading *r)
{
	const struct store_settings *store = &r->config->worker.store;

	if (store->recipient_query[0] != '\0' &&
	    placeholders(store->recipient_query) != 1)
		reading_fault(r, "", "recipient_query",
			      "needs one ?, where the address goes, not %zu",
			      placeholders(store->recipient_query));
	if (placeholders(store->domains_query) != 0)
		reading_fault(r, "", "domains_query",
			      "has a ?, but there is nothing to put there");
	if (placeholders(store->blocked_senders_query) != 0)
		reading_fault(r, "", "blocked_senders_query",
			      "has a ?, but there is nothing to put there");
	if (store->table[0] == '\0')
		reading_fault(r, "mysql", "table", "is empty");
	else if (strlen(store->table) > LONGEST_TABLE)
		reading_fault(r, "mysql", "table",
			      "is longer than %d characters", LONGEST_TABLE);
	if (strlen(store->raw_table) > LONGEST_TABLE)
		reading_fault(r, "store", "raw_table",
			      "is longer than %d characters", LONGEST_TABLE);
	else if (store->raw_table[0] != '\0' &&
		 strcmp(store->raw_table, store->table) == 0)
		reading_fault(r, "store", "raw_table",
			      "is mysql.table: it needs one of its own");
}

void
reading_check(struct reading *r)
{
	const struct worker_settings *w = &r->config->worker;

	if (r->config->domains.count == 0 &&
	    r->config->domain_files.count == 0 &&
	    w->store.domains_query[0] == '\0')
		reading_fault(r, "", "domains",
			      reading_find(r, "", "domains") != NULL
			      ? "is empty"
			      : "missing: which domains to receive mail for");
	check_account(r);
	check_paths(r);
	check_log(r);
	check_database(r);
	check_queries(r);
	if (w->memory < w->smtp.message_size)
		reading_fault(r, "limits", "memory",
			      "is smaller than limits.message_size: no "
			      "message of that size could be received");
	check_names(r);
}
