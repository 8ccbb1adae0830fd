/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes to and from a client, in clear or by TLS. */
#include "worker/client.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* What TLS says, in the words of read(2) and write(2). */
static ssize_t
as_system_call(struct client *c, enum tls_result result, size_t len)
{
	c->wants_write = result == TLS_WANTS_WRITE;
	switch (result) {
	case TLS_OK:
		return (ssize_t)len;
	case TLS_EOF:
		return 0;
	case TLS_WANTS_READ:
	case TLS_WANTS_WRITE:
		errno = EAGAIN;
		return -1;
	case TLS_FAILED:
		break;
	}
	errno = ECONNRESET;
	return -1;
}

ssize_t
client_read(struct client *c, char *where, size_t size)
{
	size_t len = 0;

	if (c->tls != NULL) {
		enum tls_result r = tls_read(c->tls, where, size, &len);
		return as_system_call(c, r, len);
	}
	return recv(c->watch.fd, where, size, 0);
}

static ssize_t
write_some(struct client *c, struct view bytes)
{
	size_t len = 0;

	if (c->tls != NULL) {
		enum tls_result r = tls_write(c->tls, bytes, &len);
		return as_system_call(c, r, len);
	}
	ssize_t n = send(c->watch.fd, bytes.at, bytes.len, MSG_NOSIGNAL);
	c->wants_write = n < 0 && errno == EAGAIN;
	return n;
}

int
client_flush(struct client *c)
{
	while (c->out.len > 0) {
		ssize_t n = write_some(c, buf_view(&c->out));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n <= 0)
			return -1;
		buf_consume(&c->out, (size_t)n);
		c->command_ms = c->worker->loop.now_ms;
	}
	buf_release(&c->out);
	return 0;
}
