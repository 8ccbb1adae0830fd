/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the operator is told of hosts that cannot be used. */
#include "store/host_report.h"

#include "base/log.h"
#include "store/outcome.h"
#include "store/table.h"

#include <stdio.h>

struct view
host_name(const struct store_settings *settings, size_t host)
{
	const char *name = settings->hosts[host].name;

	return name[0] != '\0' ? view_of(name) : VIEW("localhost");
}

void
host_report_status(struct scoreboard_slot *slot, const char *about, int error,
		  const char *text)
{
	char line[SLOT_ERROR_SIZE];

	snprintf(line, sizeof(line), "%s: %d %s", about, error, text);
	for (char *c = line; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	slot_set_error(slot, view_of(line));
}

/* What the operator types, or looks at. */
static const char *
remedy_of(int error)
{
	switch (error) {
	case 1146:
		return "create the table: schema.sql";
	case 1049:
		return "create the database, or correct mysql.database";
	case 1044:
	case 1142:
	case 1143:
		return "GRANT SELECT, INSERT on the table to mysql.user";
	case 1045:
		return "correct mysql.user or mysql.password";
	case 1054:
	case 1364:
	case 1406:
		return "scripts/migrate shows the ALTER";
	default:
		return "see the server's words";
	}
}

/* The database is there, and takes no mail before somebody acts: one loud
 * line of all processes, again each minute. */
static void
tell_operator(const struct store_settings *settings,
	      struct scoreboard_slot *slot, size_t host,
	      const struct store_fault *fault)
{
	char table[2 * NAME_SIZE];

	snprintf(table, sizeof(table), "%s.%s", settings->database,
		 settings->table);
	if (log_may_tell(TROUBLE_TABLE, fault->error))
		log_error("database host cannot be used",
			  LOG_VIEW("host", host_name(settings, host)),
			  LOG_STR("table", table),
			  LOG_NUM("error", fault->error),
			  LOG_STR("text", fault->text),
			  LOG_STR("remedy", remedy_of(fault->error)));
	host_report_status(slot, table, fault->error, fault->text);
}

void
host_report(const struct hosts *hosts, size_t host,
	    struct scoreboard_slot *slot, const struct store_fault *fault)
{
	const struct store_settings *settings = hosts->settings;
	struct host_state *state = &hosts->at[host];

	if (outcome_of(fault->error)->action == ACTION_REREAD) {
		tell_operator(settings, slot, host, fault);
		return;
	}
	slot_set_error(slot, view_of(fault->text));
	if (state->logged_error == fault->error)
		return;
	state->logged_error = fault->error;
	log_warn("database host cannot be used",
		 LOG_VIEW("host", host_name(settings, host)),
		 LOG_NUM("error", fault->error), LOG_STR("text", fault->text));
}
