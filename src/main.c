/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Guerrilla SMTPd: receives mail and puts each into MySQL, and nothing much
 * else. Here: arguments, the first reading of the configuration, hand over. */
#include "base/clock.h"
#include "base/process.h"
#include "config/config.h"
#include "config/find_master.h"
#include "control/options.h"
#include "control/verb.h"
#include "store/spool_report.h"
#include "supervisor/config_test.h"
#include "supervisor/supervisor.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONGEST_REPORT = 1024 * 1024, LONGEST_PRINT = 64 * 1024 * 1024 };

static void
put(FILE *where, const struct buf *text)
{
	if (text->len > 0)
		fwrite(text->at, 1, text->len, where);
}

/* The path as it will be found from any directory. */
static const char *
absolute(const char *path, char whole[PATH_MAX])
{
	char here[PATH_MAX];

	if (path == NULL || path[0] == '/' ||
	    getcwd(here, sizeof(here)) == NULL ||
	    snprintf(whole, PATH_MAX, "%s/%s", here,
		     strncmp(path, "./", 2) == 0 ? path + 2 : path) >=
	    PATH_MAX)
		return path;
	return whole;
}

static int
print(const struct config_source *source)
{
	struct buf text = BUF(LONGEST_PRINT);
	struct config *c = config_read_aloud(source);

	if (c == NULL)
		return EXIT_CONFIG;
	config_print(c, &text);
	config_free(&c);
	put(stdout, &text);
	buf_release(&text);
	return fflush(stdout) == 0 ? EXIT_DONE : EXIT_CONFIG;
}

static int
speak(const struct options *options)
{
	struct arena arena = { .budget = NULL };
	struct master_paths where;
	enum exit_code code = EXIT_CONFIG;

	if (find_master(options->config_file, &arena, &where))
		code = verb_run(&(struct verb_request){
			.verb = options->verb,
			.as_json = options->as_json,
			.is_wide = options->is_wide,
			.length = options->length,
			.run_dir = where.run_dir,
			.pid_file = where.pid_file,
		});
	else
		fprintf(stderr, "guerrilla-smtpd: %s: %s\n",
			options->config_file, strerror(errno));
	arena_free(&arena);
	return (int)code;
}

/* It asks nobody: what is spooled can be seen while nothing runs. */
static int
list_spool(const struct config_source *source)
{
	struct buf text = BUF(LONGEST_PRINT);
	struct config *c = config_read_aloud(source);

	if (c == NULL)
		return EXIT_CONFIG;
	const char *dir = c->worker.store.spool_dir;
	int code = EXIT_DONE;
	if (spool_report(dir, clock_wall_us() / 1000000, &text) != 0) {
		fprintf(stderr, "guerrilla-smtpd: %s: %s\n", dir,
			strerror(errno));
		code = EXIT_REFUSED;
	} else if (text.len == 0) {
		buf_append_text(&text, "nothing is spooled\n");
	}
	config_free(&c);
	put(stdout, &text);
	buf_release(&text);
	return fflush(stdout) == 0 ? code : EXIT_REFUSED;
}

static struct config_source
source_of(const struct options *options)
{
	return (struct config_source){
		.file = options->config_file,
		.port = options->port,
		.log_file = options->log_file,
		.is_verbose = options->is_verbose,
		.is_daemon = options->is_daemon,
	};
}

static int
run(const struct options *options, int argc, char **argv)
{
	char config_file[PATH_MAX];
	char log_file[PATH_MAX];
	struct supervisor_options supervisor = {
		.source = source_of(options),
		.argc = argc,
		.argv = argv,
	};
	struct config_source *source = &supervisor.source;

	source->file = absolute(source->file, config_file);
	source->log_file = absolute(source->log_file, log_file);
	struct buf faults = BUF(LONGEST_REPORT);
	struct config *first = supervisor_boot_config(&supervisor, &faults);
	put(stderr, &faults);
	buf_release(&faults);
	return first != NULL ? supervisor_run(first, &supervisor) :
			       EXIT_CONFIG;
}

int
main(int argc, char **argv)
{
	struct options options;
	struct config_source source;
	struct buf why = BUF(LONGEST_REPORT);

	fill_standard_descriptors();
	if (!options_parse(argc, argv, &options, &why)) {
		fprintf(stderr, "guerrilla-smtpd: %.*s\n"
			"Try 'guerrilla-smtpd -h'.\n", (int)why.len, why.at);
		buf_release(&why);
		return EXIT_USAGE;
	}
	source = source_of(&options);
	switch (options.action) {
	case ACTION_RUN:
		return run(&options, argc, argv);
	case ACTION_TEST:
		return (int)config_test(&source, options.with_database);
	case ACTION_PRINT:
		return print(&source);
	case ACTION_VERB:
		return strcmp(options.verb, "spool") == 0
			       ? list_spool(&source) : speak(&options);
	case ACTION_VERSION:
		printf("guerrilla-smtpd %s\n", VERSION);
		return EXIT_DONE;
	case ACTION_HELP:
		options_print_help(&why);
		put(stdout, &why);
		buf_release(&why);
		return EXIT_DONE;
	}
	return EXIT_USAGE;
}
