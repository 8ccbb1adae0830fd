/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each error of the database demands. The numbers are MySQL's and
 * MariaDB's; 2000 to 2999 and 5000 up come from the client library. */
#include "store/outcome.h"

#include <stddef.h>

enum { CLIENT_ERRORS = 2000, CLIENT_ERRORS_END = 3000,
       CONNECTOR_ERRORS = 5000 };

enum {
	OPEN = OUTCOME_MAY_BE_STORED,
	DUPLICATE = OUTCOME_IS_DUPLICATE,
	OWN = OUTCOME_IS_MESSAGES_OWN
};

static const struct outcome outcomes[] = {
	/* Lost against another transaction. */
	{ 1205, DEMAND_REPEAT, 0 },	/* lock wait timeout */
	{ 1213, DEMAND_REPEAT, 0 },	/* deadlock, certification failure */
	{ 1020, DEMAND_REPEAT, 0 },	/* record has changed */
	{ 1412, DEMAND_REPEAT, 0 },	/* table definition has changed */
	{ 1615, DEMAND_REPEAT, 0 },	/* statement must be prepared again */
	{ 3101, DEMAND_REPEAT, 0 },	/* Group Replication's */

	/* This host cannot write now. */
	{ 1040, DEMAND_NEXT_HOST, 0 },	/* too many connections */
	{ 1043, DEMAND_NEXT_HOST, 0 },	/* bad handshake */
	{ 1047, DEMAND_NEXT_HOST, 0 },	/* Galera: node is not ready */
	{ 1053, DEMAND_NEXT_HOST, OPEN },	/* shutting down */
	{ 1129, DEMAND_NEXT_HOST, 0 },	/* we are blocked */
	{ 1130, DEMAND_NEXT_HOST, 0 },	/* we are not allowed */
	{ 1180, DEMAND_NEXT_HOST, 0 },	/* commit failed; twice: split */
	{ 1203, DEMAND_NEXT_HOST, 0 },	/* too many connections of ours */
	{ 1226, DEMAND_NEXT_HOST, 0 },	/* the user's resources are used up */
	{ 1290, DEMAND_NEXT_HOST, 0 },	/* read only */
	{ 1836, DEMAND_NEXT_HOST, 0 },	/* read only mode */
	{ 3032, DEMAND_NEXT_HOST, 0 },	/* offline mode */
	{ 3100, DEMAND_NEXT_HOST, 0 },	/* Group Replication: no majority */
	{ 2001, DEMAND_NEXT_HOST, 0 },
	{ 2002, DEMAND_NEXT_HOST, 0 },
	{ 2003, DEMAND_NEXT_HOST, 0 },
	{ 2005, DEMAND_NEXT_HOST, 0 },	/* unknown host */

	/* Nobody knows. */
	{ 1159, DEMAND_SETTLE, OPEN },
	{ 1160, DEMAND_SETTLE, OPEN },
	{ 1161, DEMAND_SETTLE, OPEN },
	{ 1317, DEMAND_SETTLE, OPEN },	/* interrupted */
	{ 1927, DEMAND_SETTLE, OPEN },	/* killed */
	{ 1969, DEMAND_SETTLE, OPEN },	/* time is up */
	{ 3024, DEMAND_SETTLE, OPEN },	/* time is up */
	{ 2006, DEMAND_SETTLE, OPEN },	/* gone away */
	{ 2013, DEMAND_SETTLE, OPEN },	/* lost */
	{ 2055, DEMAND_SETTLE, OPEN },	/* lost */

	/* One message's own reasons. */
	{ 1062, DEMAND_SPLIT, DUPLICATE | OWN },
	{ 1586, DEMAND_SPLIT, DUPLICATE | OWN },
	{ 1153, DEMAND_SPLIT, OWN },	/* packet too big */
	{ 2020, DEMAND_SPLIT, OWN },	/* packet too big */
	{ 1118, DEMAND_SPLIT, OWN },	/* row too big */
	{ 1406, DEMAND_REREAD, OWN },	/* too long */
	{ 1366, DEMAND_REREAD, OWN },	/* no such bytes */
	{ 1264, DEMAND_REREAD, OWN },	/* out of range */
	{ 1265, DEMAND_REREAD, OWN },	/* truncated */
	{ 1292, DEMAND_REREAD, OWN },	/* bad value */
	{ 1267, DEMAND_REREAD, OWN },	/* collations */
	{ 3988, DEMAND_REREAD, OWN },	/* no such bytes */

	/* The table is not what it was. */
	{ 1048, DEMAND_REREAD, 0 },	/* may not be NULL */
	{ 1054, DEMAND_REREAD, 0 },	/* unknown column */
	{ 1136, DEMAND_REREAD, 0 },	/* column count */
	{ 1146, DEMAND_REREAD, 0 },	/* no such table */
	{ 1364, DEMAND_REREAD, 0 },	/* no default value */
	{ 1906, DEMAND_REREAD, 0 },	/* generated column */
	{ 3105, DEMAND_REREAD, 0 },	/* generated column */
	{ 1526, DEMAND_REFUSE, 0 },	/* no partition for the date */

	/* The operator must act. */
	{ 1044, DEMAND_REFUSE, 0 },	/* not this database */
	{ 1045, DEMAND_REFUSE, 0 },	/* not this password */
	{ 1049, DEMAND_REFUSE, 0 },	/* unknown database */
	{ 1142, DEMAND_REFUSE, 0 },	/* no right */
	{ 1143, DEMAND_REFUSE, 0 },	/* no right on a column */
	{ 1227, DEMAND_REFUSE, 0 },	/* no right */
	{ 1370, DEMAND_REFUSE, 0 },	/* no right on a routine */
	{ 1030, DEMAND_REFUSE, 0 },	/* the engine has a problem */
	{ 1194, DEMAND_REFUSE, 0 },	/* table is crashed */

	{ 1021, DEMAND_FULL, 0 },	/* disk full */
	{ 1026, DEMAND_FULL, 0 },	/* error writing a file */
	{ 1114, DEMAND_FULL, 0 },	/* table full */
};

/* An error from a trigger or a constraint is one message's; one from the
 * client library leaves a connection that nobody can trust. */
static const struct outcome of_server = { 0, DEMAND_SPLIT, OWN };
static const struct outcome of_client = { 0, DEMAND_SETTLE, OPEN };

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
