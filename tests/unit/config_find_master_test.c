/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The running master is found whatever has become of its file. */
#include "config/find_master.h"
#include "support/config_files.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct row {
	const char *text;
	const char *run_dir;
	const char *pid_file;
};

static const struct row table[] = {
	{ "", "/run/guerrilla-smtpd", "/run/guerrilla-smtpd/pid" },
	{ "run_dir = \"/r\"\n", "/r", "/r/pid" },
	{ "run_dir=/r pid_file='/p'", "/r", "/p" },
	{ "pid_file = \"/p\"\n", "/run/guerrilla-smtpd", "/p" },
	{ "pid_file = \"\" run_dir = \"/r\"\n", "/r", "/r/pid" },
	{ "run_dir = \"\\x2fr\"\n", "/r", "/r/pid" },
	{ "# run_dir = \"/no\"\nrun_dir = \"/r\" /* run_dir = \"/no\" */\n",
	  "/r", "/r/pid" },
	{ "colour = {1, {2}\nuser = \"unclosed\nrun_dir = \"/r\"\n",
	  "/r", "/r/pid" },
	{ "user = 'unclosed\n# run_dir = \"/no\"\n\trun_dir = '/r' # x\n",
	  "/r", "/r/pid" },
	{ "} } = = a b\nrun_dir = \"/r\"\n", "/r", "/r/pid" },
	{ "/* never closed\nrun_dir = \"/r\"\n", "/r", "/r/pid" },
	{ "* + \"${\nrun_dir = \"/r\"\n", "/r", "/r/pid" },
	{ "run_dir = {\"/no\"}\n", "/run/guerrilla-smtpd",
	  "/run/guerrilla-smtpd/pid" },
	{ "run_dir = \"relative\"\n", "/run/guerrilla-smtpd",
	  "/run/guerrilla-smtpd/pid" },
	{ "run_dir =", "/run/guerrilla-smtpd", "/run/guerrilla-smtpd/pid" },
	{ "include(\"more.conf\") include(\"none.conf\")\n", "/i", "/i/pid" },
	{ "user = 'unclosed\ninclude(\"more.conf\")\n", "/i", "/i/pid" },
	{ "limits { run_dir = \"/no\" }\n", "/run/guerrilla-smtpd",
	  "/run/guerrilla-smtpd/pid" },
	{ "include(\"main.conf\")\nrun_dir = \"/r\"\n", "/r", "/r/pid" },
};

static void
two_keys_are_found(void **state)
{
	const struct config_files *f = *state;
	char path[PATH_MAX];

	config_files_path(f, "main.conf", path);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct arena arena = { .budget = NULL };
		struct master_paths where = { NULL, NULL };
		config_files_put(f, "main.conf", 0600, table[i].text);
		assert_true(find_master(path, &arena, &where));
		assert_string_equal(where.run_dir, table[i].run_dir);
		assert_string_equal(where.pid_file, table[i].pid_file);
		arena_free(&arena);
	}
}

/* Guessing would speak to another master. */
static void
without_the_file_nothing_is_guessed(void **state)
{
	struct arena arena = { .budget = NULL };
	struct master_paths where = { "untouched", NULL };
	char path[PATH_MAX];

	assert_false(find_master(config_files_path(*state, "none", path),
				 &arena, &where));
	assert_int_equal(errno, ENOENT);
	assert_string_equal(where.run_dir, "untouched");
	arena_free(&arena);
}

static int
make_files(void **state)
{
	static struct config_files files;

	config_files_init(&files);
	config_files_put(&files, "more.conf", 0600, "run_dir = \"/i\"\n");
	*state = &files;
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_keys_are_found),
		cmocka_unit_test(without_the_file_nothing_is_guessed),
	};

	return cmocka_run_group_tests(tests, make_files,
				      config_files_tear_down);
}
