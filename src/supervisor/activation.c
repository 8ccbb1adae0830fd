/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sockets from systemd: descriptors from 3 on, counted and named by the
 * environment, and meant for us only where LISTEN_PID is our own. */
#include "supervisor/activation.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FIRST_SOCKET = 3 };

static size_t
number_from(const char *variable)
{
	size_t number = 0;
	const char *text = getenv(variable);

	if (text == NULL || !view_to_size(view_of(text), INT32_MAX, &number))
		return 0;
	return number;
}

static void
take_one(struct activation *a, int fd, struct view name)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || a->count == ACTIVATION_SOCKETS)
		return;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	a->sockets[a->count].fd = fd;
	snprintf(a->sockets[a->count].name, ACTIVATION_NAME_SIZE, "%.*s",
		 (int)name.len, name.at);
	a->count++;
}

void
activation_take(struct activation *a)
{
	size_t count = number_from("LISTEN_FDS");

	*a = (struct activation){ 0 };
	if (number_from("LISTEN_PID") != (size_t)getpid())
		count = 0;
	struct view names = view_of(getenv("LISTEN_FDNAMES"));
	for (size_t i = 0; i < count && i < ACTIVATION_SOCKETS; i++) {
		size_t end = view_find(names, ':');
		take_one(a, FIRST_SOCKET + (int)i,
			 view_slice(names, 0, end));
		names = view_slice(names, end + 1, names.len);
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
}

static bool
is_listening(int fd)
{
	int is = 0;
	socklen_t len = sizeof(is);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is, &len) == 0 &&
	       is != 0;
}

int
activation_open(const struct activation *a, struct view name, char *why,
		size_t size)
{
	int found = -1;

	for (size_t i = 0; i < a->count; i++) {
		if (!view_equal(view_of(a->sockets[i].name), name))
			continue;
		if (found >= 0) {
			snprintf(why, size, "more than one socket is named "
				 "%.*s: give each a FileDescriptorName= of "
				 "its own", (int)name.len, name.at);
			return -1;
		}
		found = a->sockets[i].fd;
	}
	if (found < 0 || !is_listening(found)) {
		snprintf(why, size, found < 0 ? "no socket named %.*s was "
			 "handed over (LISTEN_FDNAMES)" : "the socket named "
			 "%.*s does not listen", (int)name.len, name.at);
		return -1;
	}
	return fcntl(found, F_DUPFD_CLOEXEC, FIRST_SOCKET);
}
