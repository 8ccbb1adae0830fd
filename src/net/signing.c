/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The end that asks. */
#include "net/signing.h"

#include "base/clock.h"

#include <assert.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>

enum { WAIT_MS = 250, TRIES = 4, AWAY_MS = 1000 };

size_t
signing_size(const struct signing_message *m)
{
	assert(m->len <= SIGNING_MOST);
	return offsetof(struct signing_message, bytes) + m->len;
}

void
signing_client_init(struct signing_client *c, int fd)
{
	const struct timeval wait = { .tv_usec = WAIT_MS * 1000L };

	*c = (struct signing_client){ .fd = fd };
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
}

/* The next answer: with MSG_DONTWAIT one that is there, else within WAIT_MS. */
static bool
receive(struct signing_client *c, struct signing_message *out, int flags)
{
	ssize_t n;

	do
		n = recv(c->fd, out, sizeof(*out), flags);
	while (n < 0 && errno == EINTR && flags == 0);
	return n >= (ssize_t)offsetof(struct signing_message, bytes) &&
	       out->len <= SIGNING_MOST && (size_t)n == signing_size(out);
}

static void
send_question(struct signing_client *c, const struct signing_message *question)
{
	send(c->fd, question, signing_size(question),
	     MSG_DONTWAIT | MSG_NOSIGNAL);
	c->asked_ms = clock_ms();
}

bool
signing_is_away(const struct signing_client *c)
{
	return c->is_away && clock_ms() - c->asked_ms < AWAY_MS;
}

bool
signing_ask(struct signing_client *c, struct signing_message *question,
	    struct signing_message *answer)
{
	question->number = ++c->number;
	/* Once given up, nobody waits for the signer: one of the questions must
	 * have been answered by now, and another is sent from time to time. */
	if (c->is_away && !receive(c, answer, MSG_DONTWAIT)) {
		if (!signing_is_away(c))
			send_question(c, question);
		return false;
	}
	c->is_away = false;
	for (int i = 0; i < TRIES; i++) {
		send_question(c, question);
		/* Answers to questions that were asked twice, or given up, are
		 * nobody's. */
		while (receive(c, answer, 0))
			if (answer->number == question->number)
				return answer->len > 0;
	}
	c->is_away = true;
	return false;
}
