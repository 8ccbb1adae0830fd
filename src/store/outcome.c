/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each error of the database asks for. The numbers are MySQL's and
 * MariaDB's; 2000 to 2999 and a few from 5000 come from the client library. */
#include "store/outcome.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

/* A trigger may SIGNAL any number from 1 to 65535; MySQL's own begin again at
 * 10000. */
enum { CLIENT_ERRORS = 2000, CLIENT_ERRORS_END = 3000,
       CONNECTOR_ERRORS = 5000, CONNECTOR_ERRORS_END = 5100 };

enum {
	OPEN = OUTCOME_MAY_BE_STORED,
	DUPLICATE = OUTCOME_IS_DUPLICATE,
	OWN = OUTCOME_IS_MESSAGES_OWN,
	LOOK = OUTCOME_MUST_LOOK,
	BIG = OUTCOME_IS_TOO_BIG
};

static const struct outcome outcomes[] = {
	/* Lost against another transaction. */
	{ 1205, ACTION_REPEAT, 0 }, /* lock wait timeout */
	{ 1213, ACTION_REPEAT, 0 }, /* deadlock, certification failure */
	{ 1020, ACTION_REPEAT, 0 }, /* record has changed */
	{ 1412, ACTION_REPEAT, 0 }, /* table definition has changed */
	{ 1615, ACTION_REPEAT, 0 }, /* statement must be prepared again */
	{ 1206, ACTION_REPEAT, 0 }, /* no room for more locks */
	{ 1637, ACTION_REPEAT, 0 }, /* too many transactions at once */
	{ 1689, ACTION_REPEAT, 0 }, /* the wait for a lock was ended */
	{ 3101, ACTION_REPEAT, 0 }, /* Group Replication's */
	/* TiDB: docs.pingcap.com/tidb/stable/error-codes */
	{ 8002, ACTION_REPEAT, 0 }, /* write conflict */
	{ 8005, ACTION_REPEAT, 0 }, /* write conflict */
	{ 8022, ACTION_REPEAT, 0 }, /* may be tried again, it says */
	{ 8028, ACTION_REPEAT, 0 }, /* the schema changed meanwhile */
	{ 9007, ACTION_REPEAT, 0 }, /* write conflict */

	/* This host cannot write now. */
	{ 1040, ACTION_NEXT_HOST, 0 },	  /* too many connections */
	{ 1043, ACTION_NEXT_HOST, 0 },	  /* bad handshake */
	{ 1047, ACTION_NEXT_HOST, 0 },	  /* Galera: node is not ready */
	{ 1053, ACTION_NEXT_HOST, OPEN }, /* shutting down */
	{ 1129, ACTION_NEXT_HOST, 0 },	  /* we are blocked */
	{ 1130, ACTION_NEXT_HOST, 0 },	  /* we are not allowed */
	/* What failed may have come after the commit. Twice: split. */
	{ 1180, ACTION_NEXT_HOST, LOOK },
	{ 1203, ACTION_NEXT_HOST, 0 },	  /* too many connections of ours */
	{ 1461, ACTION_NEXT_HOST, 0 },	  /* too many prepared statements */
	{ 1226, ACTION_NEXT_HOST, 0 },	  /* the user's resources are used up */
	{ 1290, ACTION_NEXT_HOST, 0 },	  /* read only */
	{ 1792, ACTION_NEXT_HOST, 0 },	  /* read only transaction */
	{ 1836, ACTION_NEXT_HOST, 0 },	  /* read only mode */
	{ 1874, ACTION_NEXT_HOST, 0 },	  /* InnoDB is read only */
	{ 3032, ACTION_NEXT_HOST, 0 },	  /* offline mode */
	{ 3100, ACTION_NEXT_HOST, 0 },	  /* Group Replication: no majority */
	{ 3168, ACTION_NEXT_HOST, 0 },	  /* MySQL 8: not available */
	/* Group Replication, before the transaction begins
	 * (group_replication_consistency): mysqld_error.h of MySQL 8.0. */
	{ 3796, ACTION_NEXT_HOST, 0 },
	{ 3797, ACTION_NEXT_HOST, 0 },
	{ 3798, ACTION_NEXT_HOST, 0 },
	{ 8027, ACTION_NEXT_HOST, 0 },	  /* TiDB: its schema is out of date */
	{ 9008, ACTION_NEXT_HOST, 0 },	  /* TiDB: too many requests */
	{ 2001, ACTION_NEXT_HOST, 0 },
	{ 2002, ACTION_NEXT_HOST, 0 },
	{ 2003, ACTION_NEXT_HOST, 0 },
	{ 2005, ACTION_NEXT_HOST, 0 }, /* unknown host */

	/* Nobody knows. */
	{ 1105, ACTION_IN_DOUBT, OPEN }, /* all that Vitess and ProxySQL have
					  * no number for */
	{ 1156, ACTION_IN_DOUBT, OPEN },
	{ 1157, ACTION_IN_DOUBT, OPEN },
	{ 1158, ACTION_IN_DOUBT, OPEN },
	{ 1159, ACTION_IN_DOUBT, OPEN },
	{ 1160, ACTION_IN_DOUBT, OPEN },
	{ 1161, ACTION_IN_DOUBT, OPEN },
	{ 1317, ACTION_IN_DOUBT, OPEN }, /* interrupted */
	{ 1927, ACTION_IN_DOUBT, OPEN }, /* killed */
	{ 1969, ACTION_IN_DOUBT, OPEN }, /* time is up */
	{ 3024, ACTION_IN_DOUBT, OPEN }, /* time is up */
	{ 3169, ACTION_IN_DOUBT, OPEN }, /* MySQL 8: killed */
	{ 4031, ACTION_IN_DOUBT, OPEN }, /* MySQL 8: idle too long */
	/* TiDB, of the store below it; ProxySQL's 9001 is none the worse. */
	{ 9001, ACTION_IN_DOUBT, OPEN }, /* PD does not answer in time */
	{ 9002, ACTION_IN_DOUBT, OPEN }, /* TiKV does not answer in time */
	{ 9003, ACTION_IN_DOUBT, OPEN }, /* TiKV is busy */
	{ 9004, ACTION_IN_DOUBT, OPEN }, /* locks are not resolved in time */
	{ 9005, ACTION_IN_DOUBT, OPEN }, /* the region is not available */
	{ 2006, ACTION_IN_DOUBT, OPEN }, /* gone away */
	{ 2013, ACTION_IN_DOUBT, OPEN }, /* lost */
	{ 2055, ACTION_IN_DOUBT, OPEN }, /* lost */

	/* One message's own reasons. */
	{ 1062, ACTION_SPLIT, DUPLICATE | OWN },
	{ 1586, ACTION_SPLIT, DUPLICATE | OWN },
	{ 1153, ACTION_SPLIT, OWN | BIG }, /* packet too big */
	{ 2020, ACTION_SPLIT, OWN | BIG }, /* packet too big */
	{ 1118, ACTION_SPLIT, OWN | BIG }, /* row too big */
	{ 8004, ACTION_SPLIT, OWN | BIG }, /* TiDB: transaction too large */
	{ 8025, ACTION_SPLIT, OWN | BIG }, /* TiDB: entry too large */
	{ 1644, ACTION_SPLIT, OWN },  /* SIGNAL of a trigger, unless it has a
				       * number of its own */
	{ 4025, ACTION_SPLIT, OWN },  /* MariaDB: CHECK */
	{ 3819, ACTION_SPLIT, OWN },  /* MySQL: CHECK */
	{ 1216, ACTION_SPLIT, OWN },  /* foreign key */
	{ 1452, ACTION_SPLIT, OWN },  /* foreign key */
	{ 1406, ACTION_REREAD, OWN }, /* too long */
	{ 1366, ACTION_REREAD, OWN }, /* no such bytes */
	{ 1264, ACTION_REREAD, OWN }, /* out of range */
	{ 1265, ACTION_REREAD, OWN }, /* truncated */
	{ 1292, ACTION_REREAD, OWN }, /* bad value */
	{ 1267, ACTION_REREAD, OWN }, /* collations */
	{ 3988, ACTION_REREAD, OWN }, /* no such bytes */

	/* The table is not what it was. */
	{ 1048, ACTION_REREAD, 0 }, /* may not be NULL */
	{ 1054, ACTION_REREAD, 0 }, /* unknown column */
	{ 1136, ACTION_REREAD, 0 }, /* column count */
	{ 1146, ACTION_REREAD, 0 }, /* no such table */
	{ 1364, ACTION_REREAD, 0 }, /* no default value */
	{ 1906, ACTION_REREAD, 0 }, /* generated column */
	{ 3105, ACTION_REREAD, 0 }, /* generated column */

	{ 1526, ACTION_REREAD, OWN }, /* no partition for the date */

	/* The operator must act. */
	{ 1044, ACTION_REREAD, 0 }, /* not this database */
	{ 1045, ACTION_REREAD, 0 }, /* not this password */
	{ 1049, ACTION_REREAD, 0 }, /* unknown database */
	{ 1142, ACTION_REREAD, 0 }, /* no right */
	{ 1143, ACTION_REREAD, 0 }, /* no right on a column */
	{ 1227, ACTION_REREAD, 0 }, /* no right */
	{ 1370, ACTION_REREAD, 0 }, /* no right on a routine */
	{ 1030, ACTION_REREAD, LOOK }, /* the engine has a problem */
	{ 1194, ACTION_REREAD, 0 }, /* table is crashed */

	{ 1021, ACTION_FULL, 0 }, /* disk full */
	{ 1026, ACTION_FULL, 0 }, /* error writing a file */
	{ 1114, ACTION_FULL, 0 }, /* table full */
};

/* An error that we do not know is most often a trigger's, for one message.
 * But it may as well come from behind the commit (a plugin, a proxy): refused
 * by its number alone, a message that is stored would be sent again. One from
 * the client library leaves a connection that nobody can trust. */
static const struct outcome of_server = { 0, ACTION_SPLIT, OWN | LOOK };
static const struct outcome of_client = { 0, ACTION_IN_DOUBT, OPEN };

bool
outcome_is_of_client(int error)
{
	return (error >= CLIENT_ERRORS && error < CLIENT_ERRORS_END) ||
	       (error >= CONNECTOR_ERRORS && error < CONNECTOR_ERRORS_END) ||
	       error <= 0;
}

const struct outcome *
outcome_of(int error)
{
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
		if (outcomes[i].error == error)
			return &outcomes[i];
	return outcome_is_of_client(error) ? &of_client : &of_server;
}

void
outcome_count(int error, struct scoreboard_slot *slot)
{
	slot_count(slot, COUNT_STORE_ERRORS, 1);
	slot_count_in(slot, SERIES_STORE_ERRORS, outcome_of(error)->action);
}

void
fault_set(struct store_fault *f, int error, const char *format, ...)
{
	va_list args;

	f->error = error;
	va_start(args, format);
	vsnprintf(f->text, sizeof(f->text), format, args);
	va_end(args);
}
