/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The load generator's own nouns: the load, and one of its sessions. */
#ifndef BENCH_SMTP_LOAD_H
#define BENCH_SMTP_LOAD_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct session_slot;

struct load {
	const char *address;
	const char *port;
	const char *file;               /* a message to send; NULL: made */
	size_t size;                    /* bytes of a made message */
	size_t session_count;
	size_t mails_per_session;
	size_t goal;                    /* mails in all */
	size_t seconds;                 /* no new mail after so many */
	bool pipelines;
	bool by_tls;                    /* from the first byte */
	bool resumes;                   /* the session of one before */
	bool only_holds;

	char *message;                  /* dot-stuffed, with its final dot */
	size_t message_len;
	struct session_slot *sessions;
	int64_t deadline_us;

	size_t begun;                   /* mails */
	size_t accepted;                /* with a 250 */
	size_t refused;                 /* with another reply */
	size_t broken;                  /* sessions that ended otherwise */
	size_t resumed;                 /* sessions, by a ticket */
	uint32_t *waits_us;             /* final dot to 250, of each accepted */
};

/* What the next reply answers. EXPECT_MAIL is also the state between mails
 * of a session that only holds. */
enum expect { EXPECT_GREETING, EXPECT_EHLO, EXPECT_MAIL, EXPECT_RCPT,
	      EXPECT_DATA, EXPECT_DOT, EXPECT_QUIT };

struct ssl_st;

struct session_slot {
	struct load *load;
	int fd;                         /* -1: closed */
	struct ssl_st *tls;             /* NULL: in clear */
	enum expect expects;
	size_t mails;                   /* begun in this session */
	size_t sent;                    /* bytes of the message */
	bool is_sending;                /* the message, in part */
	int64_t dot_us;                 /* when its last byte was written */
	char reply[2048];               /* what has come of it */
	size_t reply_len;
};

int64_t load_now_us(void);
bool load_goes_on(const struct load *l);

/* False, with a line on stderr, where the file cannot be read. */
bool message_make(struct load *l);

/* False where no connection can be had, or the session is over: then it is
 * closed and counted. */
bool session_open(struct session_slot *s);
bool session_go_on(struct session_slot *s);
struct pollfd session_pollfd(const struct session_slot *s);

/* As send and recv, on a connected and non-blocking descriptor. */
void transport_open(struct session_slot *s);
void transport_close(struct session_slot *s);
ssize_t transport_send(struct session_slot *s, const char *bytes, size_t len);
ssize_t transport_recv(struct session_slot *s, char *bytes, size_t len);

#endif
