/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each error of the database demands. The numbers are MySQL's and
 * MariaDB's; 2000 to 2999 and 5000 up come from the client library. */
#include "store/outcome.h"

#include <stddef.h>

enum { CLIENT_ERRORS = 2000, CLIENT_ERRORS_END = 3000,
       CONNECTOR_ERRORS = 5000 };

static const struct outcome outcomes[] = {
	/* Lost against another transaction. */
	{ .error = 1205, .demand = DEMAND_REPEAT },        /* lock wait timeout */
	{ .error = 1213, .demand = DEMAND_REPEAT },        /* deadlock, certification failure */
	{ .error = 1020, .demand = DEMAND_REPEAT },        /* record has changed */
	{ .error = 1412, .demand = DEMAND_REPEAT },        /* table definition has changed */
	{ .error = 1615, .demand = DEMAND_REPEAT },        /* statement must be prepared again */
	{ .error = 3101, .demand = DEMAND_REPEAT },        /* Group Replication's certification */

	/* This host cannot write now. */
	{ .error = 1040, .demand = DEMAND_NEXT_HOST },     /* too many connections */
	{ .error = 1043, .demand = DEMAND_NEXT_HOST },     /* bad handshake */
	{ .error = 1047, .demand = DEMAND_NEXT_HOST },     /* Galera: node is not ready */
	{ .error = 1053, .demand = DEMAND_NEXT_HOST, .may_be_stored = true }, /* shutting down */
	{ .error = 1129, .demand = DEMAND_NEXT_HOST },     /* we are blocked */
	{ .error = 1130, .demand = DEMAND_NEXT_HOST },     /* we are not allowed */
	{ .error = 1180, .demand = DEMAND_NEXT_HOST },     /* commit failed; twice: split */
	{ .error = 1203, .demand = DEMAND_NEXT_HOST },     /* too many connections of ours */
	{ .error = 1226, .demand = DEMAND_NEXT_HOST },     /* the user's resources are used up */
	{ .error = 1290, .demand = DEMAND_NEXT_HOST },     /* read only */
	{ .error = 1836, .demand = DEMAND_NEXT_HOST },     /* read only mode */
	{ .error = 3032, .demand = DEMAND_NEXT_HOST },     /* offline mode */
	{ .error = 3100, .demand = DEMAND_NEXT_HOST },     /* Group Replication: no majority */
	{ .error = 2001, .demand = DEMAND_NEXT_HOST },
	{ .error = 2002, .demand = DEMAND_NEXT_HOST },
	{ .error = 2003, .demand = DEMAND_NEXT_HOST },
	{ .error = 2005, .demand = DEMAND_NEXT_HOST },     /* unknown host */

	/* Nobody knows. */
	{ .error = 1159, .demand = DEMAND_SETTLE, .may_be_stored = true },
	{ .error = 1160, .demand = DEMAND_SETTLE, .may_be_stored = true },
	{ .error = 1161, .demand = DEMAND_SETTLE, .may_be_stored = true },
	{ .error = 1317, .demand = DEMAND_SETTLE, .may_be_stored = true }, /* interrupted */
	{ .error = 1927, .demand = DEMAND_SETTLE, .may_be_stored = true }, /* killed */
	{ .error = 1969, .demand = DEMAND_SETTLE, .may_be_stored = true }, /* time is up */
	{ .error = 3024, .demand = DEMAND_SETTLE, .may_be_stored = true }, /* time is up */
	{ .error = 2006, .demand = DEMAND_SETTLE, .may_be_stored = true }, /* gone away */
	{ .error = 2013, .demand = DEMAND_SETTLE, .may_be_stored = true }, /* lost */
	{ .error = 2055, .demand = DEMAND_SETTLE, .may_be_stored = true }, /* lost */

	/* One message's own reasons. */
	{ .error = 1062, .demand = DEMAND_SPLIT, .is_duplicate = true, .is_messages_own = true },
	{ .error = 1586, .demand = DEMAND_SPLIT, .is_duplicate = true, .is_messages_own = true },
	{ .error = 1153, .demand = DEMAND_SPLIT, .is_messages_own = true }, /* packet too big */
	{ .error = 2020, .demand = DEMAND_SPLIT, .is_messages_own = true }, /* packet too big */
	{ .error = 1118, .demand = DEMAND_SPLIT, .is_messages_own = true }, /* row too big */
	{ .error = 1406, .demand = DEMAND_REREAD, .is_messages_own = true }, /* too long */
	{ .error = 1366, .demand = DEMAND_REREAD, .is_messages_own = true }, /* no such bytes */
	{ .error = 1264, .demand = DEMAND_REREAD, .is_messages_own = true }, /* out of range */
	{ .error = 1265, .demand = DEMAND_REREAD, .is_messages_own = true }, /* truncated */
	{ .error = 1292, .demand = DEMAND_REREAD, .is_messages_own = true }, /* bad value */
	{ .error = 1267, .demand = DEMAND_REREAD, .is_messages_own = true }, /* collations */
	{ .error = 3988, .demand = DEMAND_REREAD, .is_messages_own = true }, /* no such bytes */

	/* The table is not what it was. */
	{ .error = 1048, .demand = DEMAND_REREAD },        /* may not be NULL */
	{ .error = 1054, .demand = DEMAND_REREAD },        /* unknown column */
	{ .error = 1136, .demand = DEMAND_REREAD },        /* column count */
	{ .error = 1146, .demand = DEMAND_REREAD },        /* no such table */
	{ .error = 1364, .demand = DEMAND_REREAD },        /* no default value */
	{ .error = 1906, .demand = DEMAND_REREAD },        /* generated column */
	{ .error = 3105, .demand = DEMAND_REREAD },        /* generated column */
	{ .error = 1526, .demand = DEMAND_REFUSE },        /* no partition for the date */

	/* The operator must act. */
	{ .error = 1044, .demand = DEMAND_REFUSE },        /* not this database */
	{ .error = 1045, .demand = DEMAND_REFUSE },        /* not this password */
	{ .error = 1049, .demand = DEMAND_REFUSE },        /* unknown database */
	{ .error = 1142, .demand = DEMAND_REFUSE },        /* no right */
	{ .error = 1143, .demand = DEMAND_REFUSE },        /* no right on a column */
	{ .error = 1227, .demand = DEMAND_REFUSE },        /* no right */
	{ .error = 1370, .demand = DEMAND_REFUSE },        /* no right on a routine */
	{ .error = 1030, .demand = DEMAND_REFUSE },        /* the engine has a problem */
	{ .error = 1194, .demand = DEMAND_REFUSE },        /* table is crashed */

	{ .error = 1021, .demand = DEMAND_FULL },          /* disk full */
	{ .error = 1026, .demand = DEMAND_FULL },          /* error writing a file */
	{ .error = 1114, .demand = DEMAND_FULL },          /* table full */
};

/* An error from a trigger or a constraint is one message's; one from the
 * client library leaves a connection that nobody can trust. */
static const struct outcome of_server = {
	.demand = DEMAND_SPLIT, .is_messages_own = true
};
static const struct outcome of_client = {
	.demand = DEMAND_SETTLE, .may_be_stored = true
};

const struct outcome *
outcome_of(int error)
{
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
		if (outcomes[i].error == error)
			return &outcomes[i];
	if ((error >= CLIENT_ERRORS && error < CLIENT_ERRORS_END) ||
	    error >= CONNECTOR_ERRORS || error <= 0)
		return &of_client;
	return &of_server;
}
