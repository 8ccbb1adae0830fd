/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the operator types. */
#ifndef CONTROL_OPTIONS_H
#define CONTROL_OPTIONS_H

#include "base/buf.h"

enum action {
	ACTION_RUN,
	ACTION_TEST,            /* -t */
	ACTION_PRINT,           /* -T */
	ACTION_VERB,            /* -s */
	ACTION_VERSION,         /* -V */
	ACTION_HELP             /* -h */
};

#define OPTIONS_CONFIG_FILE "/etc/guerrilla-smtpd/guerrilla-smtpd.conf"
#define OPTIONS_LOG_FILE "./log.txt"

struct options {
	enum action action;
	const char *config_file;
	const char *log_file;           /* -l; NULL: as configured */
	unsigned port;                  /* -p; 0: as configured */
	bool is_verbose;
	bool is_daemon;
	bool with_database;             /* of -t */
	const char *verb;               /* of -s */
	bool as_json;                   /* of status */
	bool is_wide;                   /* of status */
	const char *length;             /* of a pause; NULL */
};

/* Reads the arguments of main (argv ends with NULL); out points into them.
 * False, with a sentence in why, for what the program does not know. The
 * last action given counts, but -h and -V end the reading. Not for two
 * threads: getopt_long(3) keeps its place in globals. */
bool options_parse(int argc, char **argv, struct options *out,
		   struct buf *why);

/* The text of -h. */
void options_print_help(struct buf *out);

#endif
