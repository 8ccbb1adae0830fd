/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log as every process sees it: one event, one line, key=value fields.
 * Foreign bytes are escaped here and nowhere else. Never blocks: a line goes
 * to the logger as one datagram, and is dropped and counted where the logger
 * does not keep up. Rooms smtp and mime do not log; they return. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/view.h"

#include <stdint.h>

enum {
	LOG_LINE_SIZE = 8192,
	/* What the logger is sent: lines, each behind its level as a digit. */
	LOG_DATAGRAM_SIZE = 1 + LOG_LINE_SIZE
};

/* Levels say who must act: error (we stop, or something is lost), warn (the
 * operator), info (history), debug (us). */
enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN,
		 LOG_LEVEL_ERROR };
enum log_format { LOG_AS_TEXT, LOG_AS_JSON };

struct log_settings {
	const char *target;             /* "stderr", "syslog" or a path */
	enum log_format format;
	enum log_level level;
	bool has_console;               /* -v: a copy to stderr as well */
};

struct log_field {
	const char *key;                /* NULL ends a list */
	enum { LOG_TEXT, LOG_NUMBER, LOG_MILLIS } kind;
	struct view text;
	int64_t number;                 /* LOG_MILLIS: microseconds, shown as
					 * milliseconds with three places */
	bool is_optional;               /* left out of text where it says
					 * nothing: "", "no" or 0 */
};

#define LOG_VIEW(k, v) ((struct log_field){ .key = (k), .text = (v) })
#define LOG_STR(k, s) \
	((struct log_field){ .key = (k), .text = view_of(s) })
#define LOG_NUM(k, n) ((struct log_field){ \
	.key = (k), .kind = LOG_NUMBER, .number = (int64_t)(n) })
#define LOG_MS(k, us) ((struct log_field){ \
	.key = (k), .kind = LOG_MILLIS, .number = (int64_t)(us) })

static inline struct log_field
log_optional(struct log_field field)
{
	field.is_optional = true;
	return field;
}

/* log_warn("database away", LOG_STR("host", host), LOG_NUM("error", code));
 * The message is a constant: what varies is a field. */
#define log_event(level, ...) LOG_FIRST_AND_REST(level, __VA_ARGS__, \
	((struct log_field){ .key = NULL }))
#define LOG_FIRST_AND_REST(level, message, ...) \
	log_write((level), (message), (const struct log_field[]){ __VA_ARGS__ })
#define log_debug(...) log_event(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_info(...) log_event(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warn(...) log_event(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_error(...) log_event(LOG_LEVEL_ERROR, __VA_ARGS__)

/* Writes the event; the fields end with a NULL key. From any thread. */
void log_write(enum log_level level, const char *message,
	       const struct log_field *fields);

/* Whether an event of this level would be written: spare the work else. */
bool log_wants(enum log_level level);

/* What all processes of a kind find alike, as that the database is there: one
 * of them tells it, for the others it is debug. */
#define log_info_once(...) \
	log_event(log_level_once(LOG_LEVEL_INFO), __VA_ARGS__)
#define log_warn_once(...) \
	log_event(log_level_once(LOG_LEVEL_WARN), __VA_ARGS__)
enum log_level log_level_once(enum log_level level);

/* Lines on their way together: by one datagram instead of one each. */
struct log_gathered {
	size_t len;
	unsigned lines;
	char bytes[LOG_DATAGRAM_SIZE];
};

/* What this thread logs from here to log_send_gathered() goes out then, or
 * where it is full; at once where a warning comes, in any case in order. The
 * caller's memory, borrowed until then; neither nests. */
void log_gather(struct log_gathered *lines);
void log_send_gathered(void);

/* ---- For whoever starts a process ------------------------------------- */

struct scoreboard_slot;

struct log_client {
	int fd;                         /* to the logger; -1: stderr */
	enum log_format format;
	enum log_level level;
	char name[32];                  /* "master", "worker 3" */
	struct scoreboard_slot *slot;   /* counts dropped lines; may be NULL */
	bool is_echo;                   /* another process of its kind tells
					 * what all of them find */
};

/* From now on this process speaks so. Kept by copy. With one thread only. */
void log_init(const struct log_client *client);

/* An error without lock or limit, for a signal handler in a process that
 * ends: the best that can be had there. */
void log_crash(const char *message, const struct log_field *fields);

/* Trouble that every process meets by itself. */
enum log_trouble { TROUBLE_TABLE, TROUBLE_RECIPIENT_QUERY,
		   TROUBLE_DOMAINS_QUERY,
		   TROUBLE_BLOCKED_SENDERS_QUERY, TROUBLE_EVENTS,
		   LOG_TROUBLES };

/* Whether this process may tell of it now: one of all, once a minute, and at
 * once where the detail (an error's number) is another. From any thread. */
bool log_may_tell(enum log_trouble which, int detail);

/* The two ends of the logger's queue: [0] is read by the logger, [1] written
 * by everyone. Both close-on-exec, [1] never blocks. -1 with errno. */
int log_pair(int ends[2]);

#endif
