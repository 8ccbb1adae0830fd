/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A thread for each process that asks: on the machine's processors as many
 * signatures are made at once as before, when each worker made its own, and
 * who asks without end takes nothing from the others. */
#include "signer/signer.h"

#include "base/log.h"
#include "base/pass_descriptor.h"
#include "net/signing_answer.h"
#include "net/ticket_keys.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	TURN_MS = 500,                  /* heartbeat */
	LEAVING_MS = 20,                /* looks whether the last has left */
	STACK_BYTES = 256 * 1024,
	EXIT_UNABLE = 3
};

struct signer {
	const struct child_context *context;
	bool is_leaving;                /* as soon as nobody asks any more */
	pthread_attr_t thread;
	pthread_mutex_t lock;           /* of what follows and of tickets */
	size_t clients;
};

struct serving {
	struct signer *signer;
	int fd;
	struct signing_state state;
};

/* ---- Who asks ------------------------------------------------------------ */

/* Turns the question into its answer; false where it was none. */
static bool
answer(struct serving *c, struct signing_message *m, size_t received)
{
	struct signer *s = c->signer;
	bool is_signature = m->request == SIGNING_SIGN;

	/* Signatures are made by all threads at once, tickets are not. */
	if (!is_signature)
		pthread_mutex_lock(&s->lock);
	bool is_answered = signing_answer(s->context->tls, &c->state, m,
					  received);
	if (is_signature) {
		pthread_mutex_lock(&s->lock);
		slot_count(s->context->slot, COUNT_SIGNATURES, m->len > 0);
	}
	pthread_mutex_unlock(&s->lock);
	return is_answered;
}

/* One more, or one less. */
static void
count_client(struct signer *s, bool is_more)
{
	pthread_mutex_lock(&s->lock);
	assert(is_more || s->clients > 0);
	s->clients = is_more ? s->clients + 1 : s->clients - 1;
	pthread_mutex_unlock(&s->lock);
}

static void *
serve(void *client)
{
	struct serving *c = client;
	struct signing_message m = { .number = 0 };

	for (;;) {
		ssize_t n = recv(c->fd, &m, sizeof(m), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || !answer(c, &m, (size_t)n) ||
		    send(c->fd, &m, signing_size(&m), MSG_NOSIGNAL) < 0)
			break;
	}
	close(c->fd);
	signing_state_free(&c->state);
	count_client(c->signer, false);
	free(c);
	return NULL;
}

/* One that gets no thread is not answered: its handshakes fail until there
 * is another signer or another worker. */
static void
begin_to_serve(struct signer *s, int fd)
{
	struct serving *c = malloc(sizeof(*c));
	pthread_t thread;

	count_client(s, true);
	int error = ENOMEM;
	if (c != NULL) {
		*c = (struct serving){ .signer = s, .fd = fd };
		error = pthread_create(&thread, &s->thread, serve, c);
	}
	if (error == 0)
		return;
	log_error("a worker cannot be served: no thread for it",
		  LOG_STR("error", strerror(error)));
	count_client(s, false);
	close(fd);
	free(c);
}

/* ---- The master ---------------------------------------------------------- */

static void
listen_to_master(struct signer *s)
{
	struct pollfd channel = { .fd = s->context->channel,
				  .events = POLLIN };
	char words[16];
	int fd;

	for (;;) {
		pthread_mutex_lock(&s->lock);
		bool is_alone = s->clients == 0;
		/* What is too old goes, whether somebody asks or not. */
		ticket_keys_turn(tls_context_ticket_keys(s->context->tls));
		pthread_mutex_unlock(&s->lock);
		if (s->is_leaving && is_alone)
			return;
		slot_beat(s->context->slot, SLOT_LOOP);
		if (poll(&channel, 1,
			 s->is_leaving ? LEAVING_MS : TURN_MS) <= 0)
			continue;
		ssize_t n = take_descriptor(channel.fd, words, sizeof(words),
					    &fd);
		for (ssize_t i = 0; i < n; i++) {
			if (words[i] == CHILD_QUIT)
				_exit(EXIT_SUCCESS);
			s->is_leaving |= words[i] == CHILD_DRAIN ||
					 words[i] == CHILD_STOP;
		}
		if (fd >= 0)
			begin_to_serve(s, fd);
		/* End of file: the master is gone, and the workers will go. */
		if (n == 0) {
			s->is_leaving = true;
			channel.fd = -1;
		}
	}
}

/* ---- Its life ------------------------------------------------------------ */

int
signer_run(const struct signer_duty *duty, const struct child_context *context)
{
	static const char ready = CHILD_READY;
	struct signer s = { .context = context,
			    .lock = PTHREAD_MUTEX_INITIALIZER };
	char why[1024];

	assert(context->tls != NULL);
	tls_context_keep_keys_in(context->tls, duty->keys);
	if (!tls_context_load_keys(context->tls, duty->settings, why,
				   sizeof(why))) {
		log_error("the private keys cannot be read",
			  LOG_STR("error", why));
		return EXIT_UNABLE;
	}
	ticket_keys_keep_in(tls_context_ticket_keys(context->tls),
			    duty->tickets);
	if (child_enter_sandbox(context) != 0)
		return EXIT_UNABLE;
	pthread_attr_init(&s.thread);
	pthread_attr_setdetachstate(&s.thread, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&s.thread, STACK_BYTES);
	slot_set_state(context->slot, SLOT_READY);
	send(context->channel, &ready, 1, MSG_NOSIGNAL);
	listen_to_master(&s);
	return EXIT_SUCCESS;
}
