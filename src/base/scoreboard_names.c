/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the figures of the scoreboard are called in tables, JSON and
 * metrics. */
#include "base/scoreboard.h"

static const char *const counters[SLOT_COUNTERS] = {
	[COUNT_CONNECTIONS] = "connections",
	[COUNT_CONNECTIONS_REFUSED] = "connections_refused",
	[COUNT_MAILS_ACCEPTED] = "mails_accepted",
	[COUNT_MAILS_DISCARDED] = "mails_discarded",
	[COUNT_MAILS_REFUSED] = "mails_refused",
	[COUNT_MAILS_DEFERRED] = "mails_deferred",
	[COUNT_MAILS_SPOOLED] = "mails_spooled",
	[COUNT_MAILS_REPLAYED] = "mails_replayed",
	[COUNT_MAILS_SET_ASIDE] = "mails_set_aside",
	[COUNT_RECIPIENTS_REFUSED] = "recipients_refused",
	[COUNT_BYTES] = "bytes",
	[COUNT_BATCHES] = "batches",
	[COUNT_ROWS] = "rows",
	[COUNT_ROWS_EXPIRED] = "rows_expired",
	[COUNT_RECONNECTS] = "reconnects",
	[COUNT_STORE_ERRORS] = "store_errors",
	[COUNT_LIMITS_MET] = "limits_met",
	[COUNT_POISON] = "poison",
	[COUNT_TLS_HANDSHAKES] = "tls_handshakes",
	[COUNT_TLS_FAILURES] = "tls_failures",
	[COUNT_LOG_DROPPED] = "log_dropped",
};

static const char *const gauges[SLOT_GAUGES] = {
	[GAUGE_SESSIONS] = "sessions",
	[GAUGE_MEMORY] = "memory",
	[GAUGE_HELD] = "held",
	[GAUGE_MAX_MESSAGE_BYTES] = "max_message_bytes",
	[GAUGE_STORE_UP] = "store_up",
	[GAUGE_SPOOL_FILES] = "spool_files",
	[GAUGE_SPOOL_BYTES] = "spool_bytes",
	[GAUGE_SPOOL_SET_ASIDE] = "spool_set_aside",
	[GAUGE_CERTIFICATE_END] = "certificate_end",
};

static const char *const roles[] = {
	[SLOT_UNUSED] = "unused",
	[SLOT_MASTER] = "master",
	[SLOT_WORKER] = "worker",
	[SLOT_JANITOR] = "janitor",
	[SLOT_LOGGER] = "logger",
	[SLOT_STATUS] = "status",
};

static const char *const states[] = {
	[SLOT_STARTING] = "starting",
	[SLOT_READY] = "ready",
	[SLOT_DRAINING] = "draining",
	[SLOT_GONE] = "gone",
};

const char *
slot_counter_name(enum slot_counter which)
{
	return counters[which];
}

const char *
slot_gauge_name(enum slot_gauge which)
{
	return gauges[which];
}

const char *
slot_role_name(enum slot_role role)
{
	return roles[role];
}

const char *
slot_state_name(enum slot_state state)
{
	return states[state];
}
