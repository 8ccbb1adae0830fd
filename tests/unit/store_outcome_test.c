/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every error that design and servers name, and what it demands. */
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
	enum demand demand;
	const char *flags;      /* s: may be stored, d: duplicate, m: own */
} expected[] = {
	{ 1205, DEMAND_REPEAT, "" },
	{ 1213, DEMAND_REPEAT, "" },
	{ 1020, DEMAND_REPEAT, "" },
	{ 1412, DEMAND_REPEAT, "" },
	{ 1615, DEMAND_REPEAT, "" },
	{ 3101, DEMAND_REPEAT, "" },
	{ 1040, DEMAND_NEXT_HOST, "" },
	{ 1043, DEMAND_NEXT_HOST, "" },
	{ 1047, DEMAND_NEXT_HOST, "" },
	{ 1053, DEMAND_NEXT_HOST, "s" },
	{ 1129, DEMAND_NEXT_HOST, "" },
	{ 1130, DEMAND_NEXT_HOST, "" },
	{ 1180, DEMAND_NEXT_HOST, "" },
	{ 1203, DEMAND_NEXT_HOST, "" },
	{ 1226, DEMAND_NEXT_HOST, "" },
	{ 1290, DEMAND_NEXT_HOST, "" },
	{ 1836, DEMAND_NEXT_HOST, "" },
	{ 3032, DEMAND_NEXT_HOST, "" },
	{ 3100, DEMAND_NEXT_HOST, "" },
	{ 2001, DEMAND_NEXT_HOST, "" },
	{ 2002, DEMAND_NEXT_HOST, "" },
	{ 2003, DEMAND_NEXT_HOST, "" },
	{ 2005, DEMAND_NEXT_HOST, "" },
	{ 1159, DEMAND_SETTLE, "s" },
	{ 1160, DEMAND_SETTLE, "s" },
	{ 1161, DEMAND_SETTLE, "s" },
	{ 1317, DEMAND_SETTLE, "s" },
	{ 1927, DEMAND_SETTLE, "s" },
	{ 1969, DEMAND_SETTLE, "s" },
	{ 3024, DEMAND_SETTLE, "s" },
	{ 2006, DEMAND_SETTLE, "s" },
	{ 2013, DEMAND_SETTLE, "s" },
	{ 2055, DEMAND_SETTLE, "s" },
	{ 1062, DEMAND_SPLIT, "dm" },
	{ 1586, DEMAND_SPLIT, "dm" },
	{ 1153, DEMAND_SPLIT, "m" },
	{ 2020, DEMAND_SPLIT, "m" },
	{ 1118, DEMAND_SPLIT, "m" },
	{ 1406, DEMAND_REREAD, "m" },
	{ 1366, DEMAND_REREAD, "m" },
	{ 1264, DEMAND_REREAD, "m" },
	{ 1265, DEMAND_REREAD, "m" },
	{ 1292, DEMAND_REREAD, "m" },
	{ 1267, DEMAND_REREAD, "m" },
	{ 3988, DEMAND_REREAD, "m" },
	{ 1048, DEMAND_REREAD, "" },
	{ 1054, DEMAND_REREAD, "" },
	{ 1136, DEMAND_REREAD, "" },
	{ 1146, DEMAND_REREAD, "" },
	{ 1364, DEMAND_REREAD, "" },
	{ 1906, DEMAND_REREAD, "" },
	{ 3105, DEMAND_REREAD, "" },
	{ 1526, DEMAND_REFUSE, "" },
	{ 1044, DEMAND_REFUSE, "" },
	{ 1045, DEMAND_REFUSE, "" },
	{ 1049, DEMAND_REFUSE, "" },
	{ 1142, DEMAND_REFUSE, "" },
	{ 1143, DEMAND_REFUSE, "" },
	{ 1227, DEMAND_REFUSE, "" },
	{ 1370, DEMAND_REFUSE, "" },
	{ 1030, DEMAND_REFUSE, "" },
	{ 1194, DEMAND_REFUSE, "" },
	{ 1021, DEMAND_FULL, "" },
	{ 1026, DEMAND_FULL, "" },
	{ 1114, DEMAND_FULL, "" },
	/* Not in the table: a trigger's SIGNAL, a constraint of either
	 * engine, a malformed packet, the connector's own. */
	{ 1644, DEMAND_SPLIT, "m" },
	{ 3819, DEMAND_SPLIT, "m" },
	{ 4025, DEMAND_SPLIT, "m" },
	{ 2000, DEMAND_SETTLE, "s" },
	{ 2014, DEMAND_SETTLE, "s" },
	{ 2026, DEMAND_SETTLE, "s" },
	{ 2027, DEMAND_SETTLE, "s" },
	{ 5013, DEMAND_SETTLE, "s" },
	{ 0, DEMAND_SETTLE, "s" },
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
		if (o->demand != expected[i].demand)
			fail_msg("error %d: demand %d, not %d",
				 expected[i].error, (int)o->demand,
				 (int)expected[i].demand);
		int flags = says(expected[i].flags, 's') *
					 OUTCOME_MAY_BE_STORED +
				 says(expected[i].flags, 'd') *
					 OUTCOME_IS_DUPLICATE +
				 says(expected[i].flags, 'm') *
					 OUTCOME_IS_MESSAGES_OWN;
		assert_int_equal((int)o->flags, flags);
	}
}

/* Only what leaves the outcome open may be settled or doubted. */
static void
an_open_outcome_is_never_repeated_blindly(void **state)
{
	(void)state;
	for (int error = 1; error < 6000; error++) {
		const struct outcome *o = outcome_of(error);
		if (o->demand == DEMAND_SETTLE)
			assert_true(o->flags & OUTCOME_MAY_BE_STORED);
		if (o->demand == DEMAND_REPEAT || o->demand == DEMAND_SPLIT)
			assert_false(o->flags & OUTCOME_MAY_BE_STORED);
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
