/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What can be wrong with a file before its values are looked at. */
#include "support/config_fault.h"

static const struct bad syntax[] = {
	{ "a string without an end", D "user = \"nobody\nworkers = 2\n",
	  "main.conf:2: syntax error: a string is not closed\n" },
	{ "a single-quoted one", D "user = 'nobody\n",
	  "main.conf:2: syntax error: a string is not closed\n" },
	{ "a comment without an end", D "/* never\nclosed\n",
	  "main.conf:2: syntax error: a comment is not closed\n" },
	{ "a section without an end", D "limits {\n\tmails = 3\n",
	  "main.conf:2: syntax error: a section is not closed\n" },
	{ "a list without an end", "domains = {\"a.example\", \n",
	  "main.conf:2: syntax error: a value was expected, but the file "
	  "ends\n" },
	{ "no comma", "domains = {\"a.example\" \"b.example\"}\n",
	  "main.conf:1: syntax error: \",\" or \"}\" was expected, not "
	  "\"b.example\"\n" },
	{ "no equal sign", D "workers 2\n",
	  "main.conf:2: syntax error: workers: \"=\" was expected behind it\n"
	},
	{ "a semicolon", D "workers = 2 ;\nuser = \"nobody\"\n",
	  "main.conf:2: syntax error: ;: nothing ends with a semicolon\n" },
	{ "a section without a brace", D "limits\n\nworkers = 2\n",
	  "main.conf:2: syntax error: limits: \"{\" was expected behind it\n"
	},
	{ "a key alone", D "workers\n",
	  "main.conf:2: syntax error: workers: \"=\" was expected behind it\n"
	},
	{ "no value", D "workers = \nuser = \"nobody\"\n",
	  "main.conf:3: syntax error: a value was expected, not user\n" },
	{ "a brace too many", D "limits { }\n}\n",
	  "main.conf:3: syntax error: a key was expected, not }\n" },
	{ "a quoted key", D "\"workers\" = 2\n",
	  "main.conf:2: syntax error: a key was expected, not \"workers\"\n"
	},
	{ "a character that needs quotes", "domains = {*}\n",
	  "main.conf:1: syntax error: a character that needs quotes\n" },
	{ "a variable without an end", D "user = \"a${b\"\n",
	  "main.conf:2: syntax error: \"${\" without \"}\" in a string; "
	  "single quotes keep it as it is\n" },
	{ "an escape that is none", D "user = \"a\\999\"\nworkers = x\n",
	  "main.conf:2: syntax error: bad escape sequence '\\999'\n" },
	{ "faults before it are said", D "workers = x\nuser = {\n",
	  "main.conf:2: workers: \"x\" is not a number (decimal digits only)"
	  "\n"
	  "main.conf:4: syntax error: a value was expected, but the file "
	  "ends\n" },
	{ "what may come behind it is not missed", "limits = \n{ } }\n",
	  "main.conf:1: limits: is a section, not a key: limits { }\n"
	  "main.conf:2: syntax error: a key was expected, not }\n" },
	{ "sections too deep",
	  "a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{\n",
	  "main.conf:1: a: unknown section\n"
	  "main.conf:1: syntax error: sections in sections end here, not {\n" },
	{ "an include without a name", D "include()\n",
	  "main.conf:2: syntax error: a file name was expected, not )\n" },
	{ "an include of two", D "include(\"a\", \"b\")\n",
	  "main.conf:2: syntax error: \")\" was expected, not ,\n" },
};

static const struct bad keys[] = {
	{ "unknown keys, all of them",
	  D "colour = 1\nlimits {\n\tmass = 2\n\tmails = 3\n}\nshape = {1}\n",
	  "main.conf:2: colour: unknown key\n"
	  "main.conf:4: limits.mass: unknown key\n"
	  "main.conf:7: shape: unknown key\n" },
	{ "keys that are nearly right",
	  D "hostnam = \"a.example\"\nUser = \"nobody\"\nwokrers = 2\n"
	    "mysql {\n\thost = {\"db1\"}\n}\nlimit {\n}\nx = 1\n",
	  "main.conf:2: hostnam: unknown key; hostname?\n"
	  "main.conf:3: User: unknown key; user?\n"
	  "main.conf:4: wokrers: unknown key; workers?\n"
	  "main.conf:6: mysql.host: unknown key; hosts?\n"
	  "main.conf:8: limit: unknown section; limits?\n"
	  "main.conf:10: x: unknown key\n" },
	{ "a key of another section", D "message_size = 1M\n",
	  "main.conf:2: message_size: unknown key; it belongs in section "
	  "limits\n" },
	{ "a key of no section", D "limits { workers = 2 }\n",
	  "main.conf:2: limits.workers: unknown key; it belongs outside of "
	  "sections\n" },
	{ "an unknown section, whatever is in it",
	  D "frob {\n\ta = 1\n\tb \"x\" { c = {1, 2} }\n}\nfrab \"y\" { }\n",
	  "main.conf:2: frob: unknown section\n"
	  "main.conf:6: frab: unknown section\n" },
	{ "a section in a section", D "limits { timeouts { tls = 3 } }\n",
	  "main.conf:2: limits.timeouts: unknown section\n" },
	{ "a key as a section", D "workers { }\n",
	  "main.conf:2: workers: is a key, not a section\n" },
	{ "libconfuse's own way into a section", D "limits|mails = 3\n",
	  "main.conf:2: limits|mails: unknown key\n" },
	{ "an unknown function", D "load(\"x\")\n",
	  "main.conf:2: load: unknown function; include() is known\n" },
	{ "a list where there is one value", D "workers = {1, 2}\n",
	  "main.conf:2: workers: takes one value, not a list\n" },
	{ "adding to one value", D "workers += 2\n",
	  "main.conf:2: workers: takes one value, not a list\n" },
	{ "given twice", D "workers = 2\n\nworkers = 3\n",
	  "main.conf:4: workers: given twice, first in main.conf:2\n" },
	{ "given twice in two sections",
	  D "limits { mails = 1 }\nlimits { mails = 1 }\n",
	  "main.conf:3: limits.mails: given twice, first in main.conf:2\n" },
	{ "an empty list given twice",
	  "domains = {}\ndomains = {\"a.example\"}\n",
	  "main.conf:1: domains: is empty\n"
	  "main.conf:2: domains: given twice, first in main.conf:1\n" },
	{ "no title", D "listen { }\n",
	  "main.conf:2: listen: needs an address: listen \"0.0.0.0:25\" { }\n"
	},
	{ "a title too many", D "limits \"x\" { colour = 2 }\n",
	  "main.conf:2: limits: takes no name\n" },
	{ "a status that is no address", D "status { listen = \"8026\" }\n",
	  "main.conf:2: status.listen: \"8026\": needs a port from 1 to "
	  "65535 at its end\n" },
	{ "a status that is inherited", D "status { listen = \"fd:web\" }\n",
	  "main.conf:2: status.listen: \"fd:web\": write an address or "
	  "unix:/path\n" },
	{ "a status among the listeners",
	  D "listen \"127.0.0.1:2525\" { }\n"
	  "status { listen = \"127.0.0.1:2525\" }\n",
	  "main.conf:3: status.listen: \"127.0.0.1:2525\": mail is received "
	  "there\n" },
};

static const struct bad includes[] = {
	{ "what is wrong in an included file",
	  D "include(\"wrong.conf\")\ncolour = 2\n",
	  "main.conf:3: colour: unknown key\n"
	  "wrong.conf:2: limits.mails: 0 is out of range: 1 to 1000000000\n"
	  "wrong.conf:3: limits.colour: unknown key\n" },
	{ "given twice in two files",
	  D "limits { mails = 2 }\ninclude(\"wrong.conf\")\n",
	  "wrong.conf:2: limits.mails: given twice, first in main.conf:2\n"
	  "wrong.conf:3: limits.colour: unknown key\n" },
	{ "a file that is not there", D "include(\"none.conf\")\n",
	  "main.conf:2: include: cannot read none.conf: No such file or "
	  "directory\n" },
	{ "no file", D "include(\"\")\n",
	  "main.conf:2: include: needs a file name\n" },
	{ "a directory", D "include(\".\")\n",
	  "main.conf:2: include: cannot read .: not a plain file\n" },
	{ "a section ends in its own file",
	  D "limits {\ninclude(\"brace.conf\")\n",
	  "brace.conf:1: syntax error: a key was expected, not }\n" },
	{ "an open password in an included file",
	  D "include(\"password.conf\")\n",
	  "password.conf:1: mysql.password: everyone can read "
	  "password.conf: chmod 0640 password.conf\n" },
};

static void
syntax_errors_end_the_list(void **state)
{
	config_fault_expect(*state, syntax, COUNT(syntax));
}

static void
keys_are_known_and_given_once(void **state)
{
	config_fault_expect(*state, keys, COUNT(keys));
}

static void
included_files_have_their_own_lines(void **state)
{
	config_fault_expect(*state, includes, COUNT(includes));
}

static void
a_file_that_includes_itself_ends(void **state)
{
	struct buf faults = BUF(1024 * 1024);
	struct config *c = config_files_read(*state,
					     "include(\"main.conf\")\n",
					     &faults);

	assert_null(c);
	assert_non_null(strstr(faults.at,
			       "main.conf:1: include: nested too deeply\n"));
	buf_release(&faults);
}

static void
faults_without_end_are_counted(void **state)
{
	struct buf text = BUF(1024 * 1024);
	struct buf faults = BUF(1024 * 1024);

	for (int i = 0; i < 5000; i++)
		buf_printf(&text, "colour%d = 1\n", i);
	buf_append_byte(&text, '\0');
	struct config *c = config_files_read(*state, text.at, &faults);
	assert_null(c);
	assert_non_null(strstr(faults.at, "main.conf:200: colour199:"));
	assert_null(strstr(faults.at, "colour200"));
	assert_non_null(strstr(faults.at,
			       "\n5001 faults, 200 of them shown\n"));
	buf_release(&text);
	buf_release(&faults);
}

static int
make_files(void **state)
{
	static struct config_files files;

	config_files_init(&files);
	config_files_put(&files, "wrong.conf", 0644,
			 "limits {\nmails = 0\ncolour = 1\n}\n");
	config_files_put(&files, "brace.conf", 0644, "}\n");
	config_files_put(&files, "password.conf", 0644,
			 "mysql { password = 'x' }\n");
	*state = &files;
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(syntax_errors_end_the_list),
		cmocka_unit_test(keys_are_known_and_given_once),
		cmocka_unit_test(included_files_have_their_own_lines),
		cmocka_unit_test(a_file_that_includes_itself_ends),
		cmocka_unit_test(faults_without_end_are_counted),
	};

	return cmocka_run_group_tests(tests, make_files,
				      config_files_tear_down);
}
