/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the operator types. */
#include "control/options.h"

#include <getopt.h>
#include <string.h>

/* Options without a letter. */
enum { OPTION_JSON = 256, OPTION_WIDE, OPTION_DATABASE, OPTION_FOR };

static const struct option flags[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "port", required_argument, NULL, 'p' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "log", optional_argument, NULL, 'l' },
	{ "daemon", no_argument, NULL, 'd' },
	{ "test", no_argument, NULL, 't' },
	{ "database", no_argument, NULL, OPTION_DATABASE },
	{ "print", no_argument, NULL, 'T' },
	{ "signal", required_argument, NULL, 's' },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "wide", no_argument, NULL, OPTION_WIDE },
	{ "for", required_argument, NULL, OPTION_FOR },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* The first argument that is no option ends the reading; a value that is
 * missing is told from an option that is unknown. */
static const char letters[] = "+:c:p:vl::dtTs:Vh";

static const char help[] =
"Usage: guerrilla-smtpd [options]\n"
"\n"
"  -c, --config FILE   the configuration; without it\n"
"                      " OPTIONS_CONFIG_FILE "\n"
"  -p, --port PORT     listen on this port instead of the configured\n"
"                      listeners\n"
"  -v, --verbose       say more, on the console\n"
"  -l, --log [FILE]    log to FILE, or to " OPTIONS_LOG_FILE "\n"
"  -d, --daemon        go to the background once the service is ready\n"
"  -t, --test          test the configuration and end\n"
"      --database      with -t: also try the database, and the folders\n"
"                      that the service writes in\n"
"  -T, --print         print the effective configuration and end\n"
"  -s, --signal VERB   speak to the running service:\n";

static const char help_end[] =
"      --json          with -s status: as JSON\n"
"      --wide          with -s status: all columns\n"
"      --for TIME      with -s pause: until then, as 10m or 1h\n"
"  -V, --version       print the version and end\n"
"  -h, --help          print this and end\n"
"\n"
"Exit codes: 0 done, 1 configuration, 2 usage, 3 start failure,\n"
"4 (-s) not running, 5 (-s) refused or failed, 6 (-s status) degraded.\n"
"More in guerrilla-smtpd(8) and guerrilla-smtpd.conf(5).\n";

/* What -s may be followed by. */
static const struct option_verb {
	const char *name;
	const char *help;
} verbs[] = {
	{ "status", "whether all is well; a row a process" },
	{ "top", "the same, live; q ends it" },
	{ "reload", "read the configuration again" },
	{ "reopen", "reopen the log files" },
	{ "upgrade", "become the program that lies on the disk now" },
	{ "pause", "take no new mail for now: 421" },
	{ "resume", "end a pause" },
	{ "spool", "what waits in the spool, and what was set aside" },
	{ "replay", "try again what was set aside as refused" },
	{ "stop", "end gracefully" },
	{ "kill", "end at once" },
};

enum { VERBS = sizeof(verbs) / sizeof(verbs[0]) };

static bool
refuse(struct buf *why, const char *sentence, const char *what)
{
	buf_printf(why, "%s: %.100s", sentence, what);
	return false;
}

static bool
take_verb(const char *text, struct options *o, struct buf *why)
{
	o->action = ACTION_VERB;
	o->verb = text;
	for (size_t i = 0; i < VERBS; i++)
		if (strcmp(verbs[i].name, text) == 0)
			return true;
	buf_append_text(why, "not one of");
	for (size_t i = 0; i < VERBS; i++)
		buf_printf(why, "%s %s", i > 0 ? "," : "", verbs[i].name);
	return refuse(why, "", text);
}

/* getopt_long() leaves the letter in optopt, and 0 for a word it does not
 * know, which then stands before optind. */
static bool
refuse_option(int got, char **argv, struct buf *why)
{
	const struct option *f = flags;

	if (optopt == 0)
		return refuse(why, "unknown option", argv[optind - 1]);
	while (f->name != NULL && f->val != optopt)
		f++;
	if (f->name == NULL)
		return refuse(why, "unknown option",
			      (char[]){ '-', (char)optopt, '\0' });
	return refuse(why, got == ':' ? "needs a value" : "takes no value",
		      f->name);
}

/* -l as the ancestor had it: a file may follow as the next argument. */
static const char *
log_file(char **argv)
{
	if (optarg != NULL)
		return optarg;
	if (argv[optind] == NULL || argv[optind][0] == '-')
		return OPTIONS_LOG_FILE;
	return argv[optind++];
}

static bool
take(int option, char **argv, struct options *o, struct buf *why)
{
	size_t port;

	switch (option) {
	case 'c':
		o->config_file = optarg;
		return optarg[0] != '\0' || refuse(why, "needs a file", "-c");
	case 'p':
		if (!view_to_size(view_of(optarg), 65535, &port) || port == 0)
			return refuse(why, "not a port", optarg);
		o->port = (unsigned)port;
		return true;
	case 'v':
		o->is_verbose = true;
		return true;
	case 'l':
		o->log_file = log_file(argv);
		return o->log_file[0] != '\0' ||
		       refuse(why, "needs a file", "-l");
	case 'd':
		o->is_daemon = true;
		return true;
	case 't':
		o->action = ACTION_TEST;
		return true;
	case 'T':
		o->action = ACTION_PRINT;
		return true;
	case 's':
		return take_verb(optarg, o, why);
	case OPTION_JSON:
		o->as_json = true;
		return true;
	case OPTION_DATABASE:
		o->with_database = true;
		return true;
	case OPTION_WIDE:
		o->is_wide = true;
		return true;
	case OPTION_FOR:
		o->length = optarg;
		return optarg[0] != '\0' || refuse(why, "needs a time",
						   "--for");
	case 'V':
		o->action = ACTION_VERSION;
		return true;
	case 'h':
		o->action = ACTION_HELP;
		return true;
	default:
		return refuse_option(option, argv, why);
	}
}

bool
options_parse(int argc, char **argv, struct options *out, struct buf *why)
{
	struct options o = { .config_file = OPTIONS_CONFIG_FILE };
	int option;

	optind = 0;             /* glibc: from the start, and "+" again */
	while (o.action != ACTION_HELP && o.action != ACTION_VERSION &&
	       (option = getopt_long(argc, argv, letters, flags, NULL)) != -1)
		if (!take(option, argv, &o, why))
			return false;
	bool is_final = o.action == ACTION_HELP || o.action == ACTION_VERSION;
	if (!is_final && argv[optind] != NULL)
		return refuse(why, "unexpected argument", argv[optind]);
	bool is_status = o.verb != NULL && strcmp(o.verb, "status") == 0;
	if ((o.as_json || o.is_wide) && !is_status)
		return refuse(why, "goes with -s status",
			      o.as_json ? "--json" : "--wide");
	if (o.with_database && o.action != ACTION_TEST)
		return refuse(why, "goes with -t", "--database");
	if (o.length != NULL &&
	    (o.verb == NULL || strcmp(o.verb, "pause") != 0))
		return refuse(why, "goes with -s pause", "--for");
	*out = o;
	return true;
}

void
options_print_help(struct buf *out)
{
	buf_append_text(out, help);
	for (size_t i = 0; i < VERBS; i++)
		buf_printf(out, "                        %-8s %s\n",
			   verbs[i].name, verbs[i].help);
	buf_append_text(out, help_end);
}
