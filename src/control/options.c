/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the operator types. getopt(3) cannot read -l as the ancestor did,
 * with a file or without, so the table of flags is walked here. */
#include "control/options.h"

#include <string.h>

enum takes { TAKES_NOTHING, TAKES_VALUE, MAY_TAKE_VALUE };

/* The arguments, and where in them we are. */
struct walk {
	char *const *next;
	struct options *options;
	struct buf *why;
};

struct flag {
	const char *name;
	bool (*set)(struct walk *w, const char *value);
	enum takes takes;
	char letter;            /* '\0': only the long form */
};

const char options_help[] =
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
"  -T, --print         print the effective configuration and end\n"
"  -s, --signal VERB   tell the running service: reload, stop, kill,\n"
"                      reopen, upgrade; or ask for its status\n"
"      --json          with -s status: as JSON\n"
"  -V, --version       print the version and end\n"
"  -h, --help          print this and end\n"
"\n"
"Exit codes: 0 done, 1 configuration, 2 usage, 3 start failure,\n"
"4 (-s) not running, 5 (-s) refused or failed.\n"
"More in guerrilla-smtpd(8) and guerrilla-smtpd.conf(5).\n";

static bool
refuse(struct walk *w, const char *sentence, const char *what)
{
	buf_printf(w->why, "%s: %.100s", sentence, what);
	return false;
}

static bool
set_config(struct walk *w, const char *value)
{
	w->options->config_file = value;
	return value[0] != '\0' || refuse(w, "needs a file", "-c");
}

static bool
set_port(struct walk *w, const char *value)
{
	unsigned port = 0;

	for (const char *c = value; *c != '\0'; c++) {
		if (*c < '0' || *c > '9' || port > 65535)
			return refuse(w, "not a port", value);
		port = port * 10 + (unsigned)(*c - '0');
	}
	w->options->port = port;
	return (port > 0 && port <= 65535) || refuse(w, "not a port", value);
}

static bool
set_verbose(struct walk *w, const char *value)
{
	(void)value;
	w->options->is_verbose = true;
	return true;
}

static bool
set_log(struct walk *w, const char *value)
{
	w->options->log_file = value != NULL ? value : OPTIONS_LOG_FILE;
	return w->options->log_file[0] != '\0' ||
	       refuse(w, "needs a file", "-l");
}

static bool
set_daemon(struct walk *w, const char *value)
{
	(void)value;
	w->options->is_daemon = true;
	return true;
}

static bool
set_test(struct walk *w, const char *value)
{
	(void)value;
	w->options->action = ACTION_TEST;
	return true;
}

static bool
set_print(struct walk *w, const char *value)
{
	(void)value;
	w->options->action = ACTION_PRINT;
	return true;
}

static bool
set_verb(struct walk *w, const char *value)
{
	static const char *const verbs[] = { "reload", "stop", "kill",
					     "reopen", "upgrade", "status" };

	w->options->action = ACTION_VERB;
	w->options->verb = value;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i], value) == 0)
			return true;
	return refuse(w, "not reload, stop, kill, reopen, upgrade or status",
		      value);
}

static bool
set_json(struct walk *w, const char *value)
{
	(void)value;
	w->options->as_json = true;
	return true;
}

static bool
set_version(struct walk *w, const char *value)
{
	(void)value;
	w->options->action = ACTION_VERSION;
	return true;
}

static bool
set_help(struct walk *w, const char *value)
{
	(void)value;
	w->options->action = ACTION_HELP;
	return true;
}

static const struct flag flags[] = {
	{ "config", set_config, TAKES_VALUE, 'c' },
	{ "port", set_port, TAKES_VALUE, 'p' },
	{ "verbose", set_verbose, TAKES_NOTHING, 'v' },
	{ "log", set_log, MAY_TAKE_VALUE, 'l' },
	{ "daemon", set_daemon, TAKES_NOTHING, 'd' },
	{ "test", set_test, TAKES_NOTHING, 't' },
	{ "print", set_print, TAKES_NOTHING, 'T' },
	{ "signal", set_verb, TAKES_VALUE, 's' },
	{ "json", set_json, TAKES_NOTHING, '\0' },
	{ "version", set_version, TAKES_NOTHING, 'V' },
	{ "help", set_help, TAKES_NOTHING, 'h' },
};

enum { FLAGS = sizeof(flags) / sizeof(flags[0]) };

/* attached is what stands in the same argument: "-p25", "--port=25"; NULL
 * where nothing does. */
static bool
apply(struct walk *w, const struct flag *f, const char *attached)
{
	const char *following = *w->next;

	if (f->takes == TAKES_NOTHING)
		return attached == NULL ? f->set(w, NULL) :
					  refuse(w, "takes no value", f->name);
	if (attached != NULL)
		return f->set(w, attached);
	if (f->takes == MAY_TAKE_VALUE &&
	    (following == NULL || following[0] == '-'))
		return f->set(w, NULL);
	if (following == NULL)
		return refuse(w, "needs a value", f->name);
	w->next++;
	return f->set(w, following);
}

static bool
take_long(struct walk *w, const char *text)
{
	size_t len = strcspn(text, "=");

	for (size_t i = 0; i < FLAGS; i++)
		if (strlen(flags[i].name) == len &&
		    strncmp(flags[i].name, text, len) == 0)
			return apply(w, &flags[i], text[len] == '=' ?
						   text + len + 1 : NULL);
	return refuse(w, "unknown option", text - 2);
}

/* One or more letters: "-v", "-vd", "-p25". */
static bool
take_letters(struct walk *w, const char *text)
{
	for (; *text != '\0'; text++) {
		const struct flag *f = NULL;
		for (size_t i = 0; i < FLAGS && f == NULL; i++)
			if (flags[i].letter == *text)
				f = &flags[i];
		if (f == NULL)
			return refuse(w, "unknown option",
				      (char[]){ '-', *text, '\0' });
		if (f->takes != TAKES_NOTHING)
			return apply(w, f, text[1] != '\0' ? text + 1 : NULL);
		if (!apply(w, f, NULL))
			return false;
	}
	return true;
}

static bool
take_argument(struct walk *w)
{
	const char *text = *w->next++;

	if (text[0] != '-' || text[1] == '\0')
		return refuse(w, "unexpected argument", text);
	if (text[1] != '-')
		return take_letters(w, text + 1);
	return take_long(w, text + 2);
}

static bool
is_final(enum action action)
{
	return action == ACTION_HELP || action == ACTION_VERSION;
}

bool
options_parse(char *const *argv, struct options *out, struct buf *why)
{
	struct options options = { .config_file = OPTIONS_CONFIG_FILE };
	struct walk w = { argv, &options, why };

	if (*w.next != NULL)
		w.next++;
	while (*w.next != NULL && !is_final(options.action))
		if (!take_argument(&w))
			return false;
	if (options.as_json && (options.verb == NULL ||
				strcmp(options.verb, "status") != 0))
		return refuse(&w, "goes with -s status", "--json");
	*out = options;
	return true;
}
