/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Becoming somebody else, in a child that starts as root; as anyone else
 * there is less to lose, and that is tested too. */
#include "supervisor/privileges.h"

#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { SKIPPED = 77 };

static char why[ACCOUNT_REASON_SIZE];

/* A line of /proc/self/status, as a hexadecimal number. */
static uint64_t
own_status(const char *name)
{
	char line[256];
	unsigned long long value = UINT64_MAX;
	FILE *file = fopen("/proc/self/status", "r");

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, name, strlen(name)) == 0)
			value = strtoull(line + strlen(name) + 1, NULL, 16);
	if (file != NULL)
		fclose(file);
	return value;
}

static int
run(int (*trial)(void))
{
	int status;

	pid_t child = fork();
	if (child == 0)
		_exit(trial());
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
become(const char *user, bool keeps_bind)
{
	struct account a;

	if (account_find(user, "", &a, why) != 0)
		return -1;
	return privileges_drop(&a, keeps_bind, why, sizeof(why));
}

static int
drop_all(void)
{
	const gid_t groups[] = { 0, 4, 27 };
	uid_t r, e, s;

	if (geteuid() != 0)
		return SKIPPED;
	if (setgroups(3, groups) != 0 || become("nobody", false) != 0)
		return 1;
	if (getresuid(&r, &e, &s) != 0 || r != 65534 || e != r || s != r)
		return 2;
	if (getgroups(0, NULL) != 0)
		return 3;
	if (setuid(0) == 0 || setgid(0) == 0 || open("/etc/shadow", 0) >= 0)
		return 4;
	static const char *const sets[] = { "CapInh", "CapPrm", "CapEff",
					    "CapBnd", "CapAmb" };
	for (int i = 0; i < 5; i++)
		if (own_status(sets[i]) != 0)
			return 10 + i;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 5;
}

static int
drop_all_but_bind(void)
{
	const uint64_t bind_only = 1 << 10;

	if (geteuid() != 0)
		return SKIPPED;
	if (become("nobody", true) != 0)
		return 1;
	if (own_status("CapPrm") != bind_only ||
	    own_status("CapEff") != bind_only ||
	    own_status("CapAmb") != bind_only)
		return 2;
	if (setuid(0) == 0)
		return 3;
	privileges_drop_bind();
	return own_status("CapPrm") == 0 && own_status("CapAmb") == 0 ? 0 : 4;
}

static int
stay_root(void)
{
	if (geteuid() != 0)
		return SKIPPED;
	if (become("root", false) != 0 || geteuid() != 0)
		return 1;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 2;
}

/* Who is not root stays who it is, whatever the account says. */
static int
stay_nobody(void)
{
	if (geteuid() != 0)
		return SKIPPED;
	if (become("nobody", false) != 0 || become("daemon", false) != 0)
		return 1;
	return geteuid() == 65534 ? 0 : 2;
}

static void
trials(void **unused)
{
	(void)unused;
	static const struct { const char *name; int (*run)(void); } all[] = {
		{ "drop all", drop_all },
		{ "drop all but bind", drop_all_but_bind },
		{ "stay root", stay_root },
		{ "stay nobody", stay_nobody },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		int met = run(all[i].run);
		if (met != 0 && met != SKIPPED)
			fail_msg("%s: %d", all[i].name, met);
	}
}

static void
accounts_are_found_by_name_and_number(void **unused)
{
	(void)unused;
	struct account a = { 0 };

	assert_int_equal(account_find("root", "", &a, why), 0);
	assert_int_equal(a.uid, 0);
	assert_int_equal(account_find("65534", "", &a, why), 0);
	assert_int_equal(a.uid, 65534);
	assert_int_equal(account_find("root", "daemon", &a, why), 0);
	assert_int_not_equal(a.gid, 0);
	assert_int_equal(account_find("root", "4242", &a, why), 0);
	assert_int_equal(a.gid, 4242);
	/* Untouched on failure. */
	assert_int_equal(account_find("no-such", "", &a, why), -1);
	assert_non_null(strstr(why, "no-such"));
	assert_int_equal(account_find("root", "no-such", &a, why), -1);
	assert_int_equal(account_find("", "", &a, why), -1);
	assert_int_equal(account_find("-1", "", &a, why), -1);
	assert_int_equal(a.gid, 4242);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trials),
		cmocka_unit_test(accounts_are_found_by_name_and_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
