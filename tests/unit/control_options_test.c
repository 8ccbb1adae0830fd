/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the operator may type, and what comes of it. */
#include "control/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 8 };

struct typed {
	char *argv[MOST];       /* without the program's name */
	struct options is;      /* config_file NULL: the usual one */
};

static const struct typed good[] = {
	{ { NULL }, { .action = ACTION_RUN } },
	{ { "-c", "a.conf" }, { .config_file = "a.conf" } },
	{ { "-ca.conf" }, { .config_file = "a.conf" } },
	{ { "--config", "a.conf" }, { .config_file = "a.conf" } },
	{ { "--conf", "x", "--" }, { .config_file = "x" } },
	{ { "--config=a=b" }, { .config_file = "a=b" } },
	{ { "-c", "a", "-c", "b" }, { .config_file = "b" } },
	{ { "-p", "2525", "-v", "-l" },
	  { .port = 2525, .is_verbose = true, .log_file = "./log.txt" } },
	{ { "-l", "-p", "2525", "-v" },
	  { .port = 2525, .is_verbose = true, .log_file = "./log.txt" } },
	{ { "-p", "25", "-l", "log/a", "-v" },
	  { .port = 25, .is_verbose = true, .log_file = "log/a" } },
	{ { "-l/x" }, { .log_file = "/x" } },
	{ { "-vl", "x" }, { .is_verbose = true, .log_file = "x" } },
	{ { "-vl" }, { .is_verbose = true, .log_file = "./log.txt" } },
	{ { "--log" }, { .log_file = "./log.txt" } },
	{ { "--log", "--verbose" },
	  { .log_file = "./log.txt", .is_verbose = true } },
	{ { "--log=-x" }, { .log_file = "-x" } },
	{ { "-p65535" }, { .port = 65535 } },
	{ { "--port=1" }, { .port = 1 } },
	{ { "-vd" }, { .is_verbose = true, .is_daemon = true } },
	{ { "--daemon" }, { .is_daemon = true } },
	{ { "-t" }, { .action = ACTION_TEST } },
	{ { "-tc", "x" }, { .action = ACTION_TEST, .config_file = "x" } },
	{ { "-t", "--database" },
	  { .action = ACTION_TEST, .with_database = true } },
	{ { "--test" }, { .action = ACTION_TEST } },
	{ { "-T" }, { .action = ACTION_PRINT } },
	{ { "--print" }, { .action = ACTION_PRINT } },
	{ { "-s", "reload" }, { .action = ACTION_VERB, .verb = "reload" } },
	{ { "--signal=stop" }, { .action = ACTION_VERB, .verb = "stop" } },
	{ { "-s", "kill" }, { .action = ACTION_VERB, .verb = "kill" } },
	{ { "-s", "pause", "--for=10m" },
	  { .action = ACTION_VERB, .verb = "pause", .length = "10m" } },
	{ { "-s", "reopen" }, { .action = ACTION_VERB, .verb = "reopen" } },
	{ { "-s", "upgrade" }, { .action = ACTION_VERB, .verb = "upgrade" } },
	{ { "-s", "status", "--json" },
	  { .action = ACTION_VERB, .verb = "status", .as_json = true } },
	{ { "--json", "-sstatus" },
	  { .action = ACTION_VERB, .verb = "status", .as_json = true } },
	{ { "-V" }, { .action = ACTION_VERSION } },
	{ { "--version", "--what" }, { .action = ACTION_VERSION } },
	{ { "-h", "-x" }, { .action = ACTION_HELP } },
	{ { "--help" }, { .action = ACTION_HELP } },
};

struct refused {
	char *argv[MOST];
	const char *why;
};

static const struct refused bad[] = {
	{ { "-x" }, "unknown option: -x" },
	{ { "-vx" }, "unknown option: -x" },
	{ { "--what" }, "unknown option: --what" },
	{ { "--", "-v" }, "unexpected argument: -v" },
	{ { "-xv" }, "unknown option: -x" },
	{ { "--conx", "x" }, "unknown option: --conx" },
	{ { "--ver" }, "unknown option: --ver" },
	{ { "-v", "x", "-p", "25" }, "unexpected argument: x" },
	{ { "-" }, "unexpected argument: -" },
	{ { "x" }, "unexpected argument: x" },
	{ { "" }, "unexpected argument: " },
	{ { "-c" }, "needs a value: config" },
	{ { "--port" }, "needs a value: port" },
	{ { "-c", "" }, "needs a file: -c" },
	{ { "-l", "" }, "needs a file: -l" },
	{ { "-p", "0" }, "not a port: 0" },
	{ { "-p", "65536" }, "not a port: 65536" },
	{ { "-p", "99999999999" }, "not a port: 99999999999" },
	{ { "-p", "25x" }, "not a port: 25x" },
	{ { "-p", "" }, "not a port: " },
	{ { "-p", "-v" }, "not a port: -v" },
	{ { "-s" }, "needs a value: signal" },
	{ { "-s", "restart" }, "not one of status, top, reload, reopen, "
			       "upgrade, pause, resume, spool, replay, stop, "
			       "kill: restart" },
	{ { "-s", "resume", "--for", "1h" }, "goes with -s pause: --for" },
	{ { "-s", "pause", "--for" }, "needs a value: for" },
	{ { "--json" }, "goes with -s status: --json" },
	{ { "-s", "stop", "--json" }, "goes with -s status: --json" },
	{ { "--database" }, "goes with -t: --database" },
	{ { "--json=1" }, "takes no value: json" },
	{ { "--verbose=1" }, "takes no value: verbose" },
};

/* argv as main gets it, and what is said about it. */
static bool
parse(char *const *typed, struct options *out, struct buf *why)
{
	char *argv[MOST + 2] = { "guerrilla-smtpd" };

	int argc = 1;

	for (int i = 0; i < MOST && typed[i] != NULL; i++)
		argv[argc++] = typed[i];
	bool is_read = options_parse(argc, argv, out, why);
	buf_append_byte(why, '\0');
	return is_read;
}

static bool
is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void
options_are_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		const struct options *is = &good[i].is;
		struct options got = { .verb = NULL };
		struct buf why = BUF(1024);
		bool is_read = parse(good[i].argv, &got, &why);
		const char *file = is->config_file != NULL ?
			is->config_file : OPTIONS_CONFIG_FILE;
		if (!is_read || got.action != is->action ||
		    !is_same(got.config_file, file) ||
		    !is_same(got.log_file, is->log_file) ||
		    !is_same(got.verb, is->verb) || got.port != is->port ||
		    got.is_verbose != is->is_verbose ||
		    got.is_daemon != is->is_daemon ||
		    got.with_database != is->with_database ||
		    !is_same(got.length, is->length) ||
		    got.as_json != is->as_json)
			fail_msg("%zu: %s: %s", i, good[i].argv[0], why.at);
		buf_release(&why);
	}
}

static void
usage_errors_have_a_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct options got = { .verb = "untouched" };
		struct buf why = BUF(1024);
		assert_false(parse(bad[i].argv, &got, &why));
		assert_string_equal(why.at, bad[i].why);
		assert_string_equal(got.verb, "untouched");
		buf_release(&why);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_understood),
		cmocka_unit_test(usage_errors_have_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
