/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The end that asks. */
#include "net/signing.h"

#include "base/clock.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

enum { WAIT_MS = 250, TRIES = 4, AWAY_MS = 1000 };

size_t
signing_size(const struct signing_message *m)
{
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

/* The answer to this question: those to questions that were asked twice, or
 * given up, are nobody's. */
static bool
hear(struct signing_client *c, uint64_t number, struct signing_message *answer)
{
	while (receive(c, answer, 0))
		if (answer->number == number)
			return true;
	return false;
}

static void
send_question(struct signing_client *c, const struct signing_message *question)
{
	send(c->fd, question, signing_size(question),
	     MSG_DONTWAIT | MSG_NOSIGNAL);
	c->asked_ms = clock_ms();
}

/* Whether one of the questions that were given up is answered by now. Where
 * not, another one is sent from time to time, and nobody waits for it. */
static bool
has_come_back(struct signing_client *c, const struct signing_message *question,
	      struct signing_message *answer)
{
	if (receive(c, answer, MSG_DONTWAIT))
		return true;
	if (clock_ms() - c->asked_ms >= AWAY_MS)
		send_question(c, question);
	return false;
}

bool
signing_ask(struct signing_client *c, struct signing_message *question,
	    struct signing_message *answer)
{
	question->number = ++c->number;
	if (c->is_away && !has_come_back(c, question, answer))
		return false;
	c->is_away = false;
	for (int i = 0; i < TRIES; i++) {
		send_question(c, question);
		if (hear(c, question->number, answer))
			return answer->len > 0;
	}
	c->is_away = true;
	return false;
}
