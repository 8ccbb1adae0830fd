/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether somebody listens at a host: a connect that nobody waits for. */
#include "store/probe.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static int
begin_connect(const struct addrinfo *to)
{
	int fd = socket(to->ai_family, SOCK_STREAM, 0);

	if (fd < 0)
		return -1;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	if (connect(fd, to->ai_addr, to->ai_addrlen) == 0 ||
	    errno == EINPROGRESS)
		return fd;
	close(fd);
	return -1;
}

void
probe_start(struct probe *p, const struct store_host *host, int64_t until_ms)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	char port[16];

	probe_stop(p);
	p->until_ms = until_ms;
	snprintf(port, sizeof(port), "%u", host->port);
	if (getaddrinfo(host->name, port, &hints, &found) != 0)
		return;
	for (const struct addrinfo *a = found; a != NULL && p->fd < 0;
	     a = a->ai_next)
		p->fd = begin_connect(a);
	freeaddrinfo(found);
}

enum probe_answer
probe_ask(struct probe *p)
{
	struct pollfd fd = { .fd = p->fd, .events = POLLOUT };
	int error = 0;
	socklen_t size = sizeof(error);

	if (p->fd < 0)
		return PROBE_SILENT;
	if (poll(&fd, 1, 0) == 0) {
		if (clock_ms() < p->until_ms)
			return PROBE_WAITS;
		probe_stop(p);
		return PROBE_SILENT;
	}
	bool is_well = getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error,
				  &size) == 0 && error == 0;
	probe_stop(p);
	return is_well ? PROBE_LISTENS : PROBE_SILENT;
}

void
probe_stop(struct probe *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}
