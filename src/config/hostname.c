/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fully qualified name of this machine. A resolver can take minutes when
 * the network is away, so a child of its own asks it. */
#include "config/hostname.h"

#include "base/clock.h"
#include "net/domain_name.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RESOLVER_MS = 2000 };

static size_t
qualify(const char *name, char *out, size_t size)
{
	const struct addrinfo hints = { .ai_flags = AI_CANONNAME,
					.ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return 0;
	pid_t child = fork();
	if (child == 0) {
		if (getaddrinfo(name, NULL, &hints, &found) == 0 &&
		    found != NULL && found->ai_canonname != NULL)
			dprintf(ends[1], "%s", found->ai_canonname);
		_exit(0);
	}
	close(ends[1]);
	/* What the child writes, up to its end or the end of our time. */
	int64_t left, deadline = clock_ms() + RESOLVER_MS;
	size_t len = 0;
	while (child > 0 && len < size && (left = deadline - clock_ms()) > 0) {
		struct pollfd p = { .fd = ends[0], .events = POLLIN };
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		ssize_t n = read(ends[0], out + len, size - len);
		if (n == 0 || (n < 0 && errno != EINTR))
			break;
		len += n > 0 ? (size_t)n : 0;
	}
	close(ends[0]);
	if (child > 0) {
		kill(child, SIGKILL);
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
	}
	return len;
}

const char *
hostname_copy(struct arena *arena, struct view name)
{
	char ascii[DOMAIN_NAME_SIZE];
	size_t len = domain_name_to_ascii(name, ascii, sizeof(ascii));

	if (len == 0 || ascii[0] == '[')
		return NULL;
	return arena_copy(arena, (struct view){ ascii, len }).at;
}

const char *
hostname_find(struct arena *arena)
{
	char name[256] = "";
	char full[DOMAIN_NAME_SIZE];
	const char *found = NULL;

	if (gethostname(name, sizeof(name) - 1) != 0 || name[0] == '\0')
		return "localhost";
	if (strchr(name, '.') == NULL)
		found = hostname_copy(arena, (struct view){
			full, qualify(name, full, sizeof(full)) });
	if (found == NULL)
		found = hostname_copy(arena, view_of(name));
	return found != NULL ? found : "localhost";
}
