/* SPDX-License-Identifier: GPL-3.0-or-later */
/* -t: would the service start and reload with this configuration? As root
 * that is asked in a child, which becomes what the service becomes. */
#include "supervisor/config_test.h"

#include "store/trial.h"
#include "supervisor/account_check.h"
#include "supervisor/privileges.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LONGEST_REPORT = 1024 * 1024 };

static void
put(FILE *where, struct buf *text)
{
	if (text->len > 0)
		fwrite(text->at, 1, text->len, where);
	buf_release(text);
}

/* A folder that is not there yet is made at the start, by root. */
static bool
may_write(const struct config *c, const char *key, const char *folder)
{
	if (access(folder, W_OK | X_OK) == 0 || errno == ENOENT)
		return true;
	fprintf(stderr, "%s: %s cannot write in %s: %s; as root: chown %s %s\n",
		key, c->user, folder, strerror(errno), c->user, folder);
	return false;
}

/* As the account that the service has. */
static bool
is_good_for_user(const struct config *c)
{
	const struct store_settings *store = &c->worker.store;
	const char *slash = strrchr(c->log.target, '/');
	struct buf good = BUF(LONGEST_REPORT), bad = BUF(LONGEST_REPORT);
	char folder[PATH_MAX] = "/";
	bool is_good = true;

	if (store->on_outage == STORE_OUTAGE_SPOOL)
		is_good = may_write(c, "store.spool_dir", store->spool_dir);
	if (slash != NULL && slash != c->log.target)
		snprintf(folder, sizeof(folder), "%.*s",
			 (int)(slash - c->log.target), c->log.target);
	if (slash != NULL)
		is_good = may_write(c, "log.target", folder) && is_good;
	/* The store says to the log what is doubtful about the table. */
	log_init(&(struct log_client){ .fd = -1, .level = LOG_LEVEL_WARN,
				       .name = "test" });
	is_good = store_trial(store, &good, &bad) && is_good;
	put(stdout, &good);
	put(stderr, &bad);
	fflush(stdout);
	return is_good;
}

static bool
is_good_in_child(const struct config *c, const struct config_source *source,
		 bool with_database)
{
	struct account account;
	char why[ACCOUNT_REASON_SIZE];
	int status = 0;

	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		if (account_find(c->user, c->group, &account, why) != 0 ||
		    privileges_drop(&account, false, why, sizeof(why)) != 0) {
			fprintf(stderr, "guerrilla-smtpd: %s\n", why);
			_exit(EXIT_CONFIG);
		}
		struct config *again = config_read_aloud(source);
		bool is_good = again != NULL &&
			       (!with_database || is_good_for_user(again));
		config_free(&again);
		_exit(is_good ? EXIT_DONE : EXIT_CONFIG);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0) {
		perror("guerrilla-smtpd: fork");
		return false;
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_DONE;
}

enum exit_code
config_test(const struct config_source *source, bool with_database)
{
	struct config *c = config_read_aloud(source);
	struct buf advice = BUF(LONGEST_REPORT);
	struct account account;
	char why[ACCOUNT_REASON_SIZE];

	if (c == NULL)
		return EXIT_CONFIG;
	fputs(c->warnings, stderr);
	/* What root should know of the account that it becomes. */
	if (account_find(c->user, c->group, &account, why) == 0)
		account_check(c, &account, &advice);
	put(stderr, &advice);
	bool is_good = geteuid() == 0 ?
		is_good_in_child(c, source, with_database) :
		!with_database || is_good_for_user(c);
	if (is_good)
		printf("%s: OK: %zu listeners, %zu domains, %zu workers\n",
		       source->file, c->worker.net.listener_count,
		       domains_count(c->worker.smtp.domains),
		       c->worker.workers);
	config_free(&c);
	return is_good ? EXIT_DONE : EXIT_CONFIG;
}
