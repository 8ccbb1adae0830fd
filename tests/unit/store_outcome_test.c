/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every error that design and servers name, and what it actions. */
#include "store/outcome.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const struct {
	int error;
	enum store_action action;
	const char *flags;      /* s: may be stored, d: duplicate, m: own,
				 * l: look, b: too big */
} expected[] = {
	{ 1205, ACTION_REPEAT, "" },
	{ 1213, ACTION_REPEAT, "" },
	{ 1020, ACTION_REPEAT, "" },
	{ 1412, ACTION_REPEAT, "" },
	{ 1615, ACTION_REPEAT, "" },
	{ 3101, ACTION_REPEAT, "" },
	{ 1040, ACTION_NEXT_HOST, "" },
	{ 1043, ACTION_NEXT_HOST, "" },
	{ 1047, ACTION_NEXT_HOST, "" },
	{ 1053, ACTION_NEXT_HOST, "s" },
	{ 1129, ACTION_NEXT_HOST, "" },
	{ 1130, ACTION_NEXT_HOST, "" },
	{ 1180, ACTION_NEXT_HOST, "l" },
	{ 1203, ACTION_NEXT_HOST, "" },
	{ 1226, ACTION_NEXT_HOST, "" },
	{ 1461, ACTION_NEXT_HOST, "" },
	{ 1290, ACTION_NEXT_HOST, "" },
	{ 1836, ACTION_NEXT_HOST, "" },
	{ 3032, ACTION_NEXT_HOST, "" },
	{ 3100, ACTION_NEXT_HOST, "" },
	{ 2001, ACTION_NEXT_HOST, "" },
	{ 2002, ACTION_NEXT_HOST, "" },
	{ 2003, ACTION_NEXT_HOST, "" },
	{ 2005, ACTION_NEXT_HOST, "" },
	{ 1159, ACTION_IN_DOUBT, "s" },
	{ 1160, ACTION_IN_DOUBT, "s" },
	{ 1161, ACTION_IN_DOUBT, "s" },
	{ 1317, ACTION_IN_DOUBT, "s" },
	{ 1927, ACTION_IN_DOUBT, "s" },
	{ 1969, ACTION_IN_DOUBT, "s" },
	{ 3024, ACTION_IN_DOUBT, "s" },
	{ 2006, ACTION_IN_DOUBT, "s" },
	{ 2013, ACTION_IN_DOUBT, "s" },
	{ 2055, ACTION_IN_DOUBT, "s" },
	{ 1062, ACTION_SPLIT, "dm" },
	{ 1586, ACTION_SPLIT, "dm" },
	{ 1153, ACTION_SPLIT, "mb" },
	{ 2020, ACTION_SPLIT, "mb" },
	{ 1118, ACTION_SPLIT, "mb" },
	{ 1406, ACTION_REREAD, "m" },
	{ 1366, ACTION_REREAD, "m" },
	{ 1264, ACTION_REREAD, "m" },
	{ 1265, ACTION_REREAD, "m" },
	{ 1292, ACTION_REREAD, "m" },
	{ 1267, ACTION_REREAD, "m" },
	{ 3988, ACTION_REREAD, "m" },
	{ 1048, ACTION_REREAD, "" },
	{ 1054, ACTION_REREAD, "" },
	{ 1136, ACTION_REREAD, "" },
	{ 1146, ACTION_REREAD, "" },
	{ 1364, ACTION_REREAD, "" },
	{ 1906, ACTION_REREAD, "" },
	{ 3105, ACTION_REREAD, "" },
	{ 1526, ACTION_REREAD, "m" },
	{ 1044, ACTION_REREAD, "" },
	{ 1045, ACTION_REREAD, "" },
	{ 1049, ACTION_REREAD, "" },
	{ 1142, ACTION_REREAD, "" },
	{ 1143, ACTION_REREAD, "" },
	{ 1227, ACTION_REREAD, "" },
	{ 1370, ACTION_REREAD, "" },
	{ 1030, ACTION_REREAD, "l" },
	{ 1194, ACTION_REREAD, "" },
	{ 1021, ACTION_FULL, "" },
	{ 1026, ACTION_FULL, "" },
	{ 1114, ACTION_FULL, "" },
	{ 1206, ACTION_REPEAT, "" },
	{ 1637, ACTION_REPEAT, "" },
	{ 1689, ACTION_REPEAT, "" },
	{ 8002, ACTION_REPEAT, "" },
	{ 8005, ACTION_REPEAT, "" },
	{ 8022, ACTION_REPEAT, "" },
	{ 8028, ACTION_REPEAT, "" },
	{ 9007, ACTION_REPEAT, "" },
	{ 1792, ACTION_NEXT_HOST, "" },
	{ 1874, ACTION_NEXT_HOST, "" },
	{ 3168, ACTION_NEXT_HOST, "" },
	{ 3796, ACTION_NEXT_HOST, "" },
	{ 3797, ACTION_NEXT_HOST, "" },
	{ 3798, ACTION_NEXT_HOST, "" },
	{ 8027, ACTION_NEXT_HOST, "" },
	{ 9008, ACTION_NEXT_HOST, "" },
	{ 1105, ACTION_IN_DOUBT, "s" },
	{ 1156, ACTION_IN_DOUBT, "s" },
	{ 1157, ACTION_IN_DOUBT, "s" },
	{ 1158, ACTION_IN_DOUBT, "s" },
	{ 3169, ACTION_IN_DOUBT, "s" },
	{ 4031, ACTION_IN_DOUBT, "s" },
	{ 9001, ACTION_IN_DOUBT, "s" },
	{ 9002, ACTION_IN_DOUBT, "s" },
	{ 9003, ACTION_IN_DOUBT, "s" },
	{ 9004, ACTION_IN_DOUBT, "s" },
	{ 9005, ACTION_IN_DOUBT, "s" },
	{ 8004, ACTION_SPLIT, "mb" },
	{ 8025, ACTION_SPLIT, "mb" },
	{ 1644, ACTION_SPLIT, "m" },
	{ 1216, ACTION_SPLIT, "m" },
	{ 1452, ACTION_SPLIT, "m" },
	{ 3819, ACTION_SPLIT, "m" },
	{ 4025, ACTION_SPLIT, "m" },
	/* Not in the table: a malformed packet, the connector's own. */
	{ 2000, ACTION_IN_DOUBT, "s" },
	{ 2014, ACTION_IN_DOUBT, "s" },
	{ 2026, ACTION_IN_DOUBT, "s" },
	{ 2027, ACTION_IN_DOUBT, "s" },
	{ 5013, ACTION_IN_DOUBT, "s" },
	/* What a trigger makes up, or comes from behind the commit. */
	{ 1815, ACTION_SPLIT, "ml" },
	{ 5999, ACTION_SPLIT, "ml" },
	{ 30001, ACTION_SPLIT, "ml" },
	{ 65535, ACTION_SPLIT, "ml" },
	{ 0, ACTION_IN_DOUBT, "s" },
};

static bool
says(const char *flags, char flag)
{
	for (; *flags != '\0'; flags++)
		if (*flags == flag)
			return true;
	return false;
}

static void
each_error_has_its_outcome(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		const struct outcome *o = outcome_of(expected[i].error);
		if (o->action != expected[i].action)
			fail_msg("error %d: action %d, not %d",
				 expected[i].error, (int)o->action,
				 (int)expected[i].action);
		int flags = says(expected[i].flags, 's') *
					 OUTCOME_MAY_BE_STORED +
				 says(expected[i].flags, 'd') *
					 OUTCOME_IS_DUPLICATE +
				 says(expected[i].flags, 'm') *
					 OUTCOME_IS_MESSAGES_OWN +
				 says(expected[i].flags, 'l') *
					 OUTCOME_MUST_LOOK +
				 says(expected[i].flags, 'b') *
					 OUTCOME_IS_TOO_BIG;
		assert_int_equal((int)o->error_flags, flags);
	}
}

/* Only what leaves the outcome open may be settled or doubted. */
static void
an_open_outcome_is_never_repeated_blindly(void **state)
{
	(void)state;
	for (int error = 1; error < 10000; error++) {
		const struct outcome *o = outcome_of(error);
		if (o->action == ACTION_IN_DOUBT)
			assert_true(o->error_flags & OUTCOME_MAY_BE_STORED);
		if (o->action == ACTION_REPEAT || o->action == ACTION_SPLIT)
			assert_false(o->error_flags & OUTCOME_MAY_BE_STORED);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_error_has_its_outcome),
		cmocka_unit_test(an_open_outcome_is_never_repeated_blindly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
