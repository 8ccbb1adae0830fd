/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conversations with `-s`. Only root may ask where root started the service,
 * else our own account too; and no child of ours, dead or alive, since those
 * meet strangers' bytes. Nobody is waited for. */
#include "supervisor/control_socket.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/process.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	REQUEST_MS = 5000,      /* for sending a verb */
	LINE_SIZE = 1024,       /* of an answer, its letter included */
	MOST_AT_ONCE = 64,      /* accepted before other work goes on */
	PEER_PIDFD = 77         /* SO_PEERPIDFD, from Linux 6.5 */
};

static const char *const names[CONTROL_VERBS] = {
	[CONTROL_NOTHING] = "",	     [CONTROL_RELOAD] = "reload",
	[CONTROL_STOP] = "stop",     [CONTROL_KILL] = "kill",
	[CONTROL_REOPEN] = "reopen", [CONTROL_UPGRADE] = "upgrade",
	[CONTROL_PAUSE] = "pause",   [CONTROL_RESUME] = "resume",
	[CONTROL_REPLAY] = "replay",
};

int
control_listen(const char *run_dir)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	int len = snprintf(address.sun_path, sizeof(address.sun_path),
			   "%s/control", run_dir);
	if (len < 0 || (size_t)len >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	unlink(address.sun_path);
	mode_t mask = umask(0177);
	int bound = bind(fd, (const struct sockaddr *)&address,
			 sizeof(address));
	umask(mask);            /* leaves errno */
	if (bound == 0 && listen(fd, 16) == 0)
		return fd;
	close_keeping_errno(fd);
	return -1;
}

void
control_socket_init(struct control_socket *v, int listener, bool is_roots)
{
	v->listener = listener;
	v->is_roots = is_roots;
	for (size_t i = 0; i < CONTROL_ASKERS; i++)
		v->askers[i] = (struct asker){ .fd = -1 };
}

size_t
control_socket_watch(const struct control_socket *v, struct pollfd *polls)
{
	size_t n = 0;

	if (v->listener >= 0)
		polls[n++] = (struct pollfd){ v->listener, POLLIN, 0 };
	for (size_t i = 0; i < CONTROL_ASKERS; i++)
		if (v->askers[i].fd >= 0)
			polls[n++] = (struct pollfd){ v->askers[i].fd,
						      POLLIN, 0 };
	return n;
}

static void
hang_up(struct asker *a)
{
	assert(a->fd >= 0);
	close(a->fd);
	*a = (struct asker){ .fd = -1 };
}

static void
say(struct asker *a, char letter, const char *text)
{
	char line[LINE_SIZE];

	int len = snprintf(line, sizeof(line), "%c %s", letter, text);
	size_t n = len < 0 ? 0 : (size_t)len;
	if (n > sizeof(line) - 2)
		n = sizeof(line) - 2;
	/* One line, whatever the text holds. */
	for (size_t i = 0; i < n; i++)
		if (line[i] == '\n')
			line[i] = ' ';
	line[n++] = '\n';
	if (send(a->fd, line, n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		hang_up(a);
}

/* Nobody waits for the answer: a process that is asked to end must not leave
 * a wish behind, as a child could that meets strangers' bytes. Where the
 * kernel cannot tell it counts as there. */
static bool
is_peer_gone(int fd)
{
	int pidfd = -1;
	socklen_t len = sizeof(pidfd);

	if (getsockopt(fd, SOL_SOCKET, PEER_PIDFD, &pidfd, &len) != 0)
		return errno != ENOPROTOOPT;
	struct pollfd peer = { .fd = pidfd, .events = POLLIN };
	bool is_gone = poll(&peer, 1, 0) != 0;
	close(pidfd);
	return is_gone;
}

bool
control_socket_accept(struct control_socket *v,
		      bool (*is_child)(void *, pid_t), void *context)
{
	for (int n = 0; n < MOST_AT_ONCE; n++) {
		struct asker *a = v->askers;
		struct ucred peer;
		socklen_t len = sizeof(peer);
		int fd = v->listener < 0 ? -1
			: accept4(v->listener, NULL, NULL,
				  SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			return true;
		/* A place for who may ask; else it is hung up. */
		while (a < v->askers + CONTROL_ASKERS && a->fd >= 0)
			a++;
		if (a < v->askers + CONTROL_ASKERS &&
		    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
		    (peer.uid == 0 ||
		     (!v->is_roots && peer.uid == geteuid())) &&
		    !is_child(context, peer.pid) && !is_peer_gone(fd))
			*a = (struct asker){ .fd = fd,
					     .since_ms = clock_ms() };
		else
			close(fd);
	}
	return false;
}

static void
read_request(struct control_socket *v, struct asker *a,
	     bool is_asked[CONTROL_VERBS])
{
	assert(a->len < sizeof(a->request) - 1);
	ssize_t n = recv(a->fd, a->request + a->len,
			 sizeof(a->request) - 1 - a->len, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		if (clock_ms() - a->since_ms > REQUEST_MS)
			hang_up(a);
		return;
	}
	if (n <= 0) {
		hang_up(a);
		return;
	}
	a->len += (size_t)n;
	a->request[a->len] = '\0';
	char *end = strchr(a->request, '\n');
	if (end == NULL && a->len < sizeof(a->request) - 1)
		return;
	if (end != NULL)
		*end = '\0';
	char *space = strchr(a->request, ' ');
	if (space != NULL)
		*space = '\0';
	snprintf(v->argument, sizeof(v->argument), "%s",
		 space != NULL ? space + 1 : "");
	a->verb = end != NULL ? CONTROL_VERBS - 1 : CONTROL_NOTHING;
	while (a->verb != CONTROL_NOTHING &&
	       strcmp(names[a->verb], a->request) != 0)
		a->verb--;
	if (a->verb == CONTROL_NOTHING) {
		say(a, 'F', "this version does not know that verb");
		if (a->fd >= 0)
			hang_up(a);
		return;
	}
	is_asked[a->verb] = true;
	struct ucred peer = { .pid = 0 };
	socklen_t size = sizeof(peer);
	getsockopt(a->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
	log_info("asked through the control socket",
		 LOG_STR("verb", names[a->verb]), LOG_NUM("sender", peer.pid),
		 LOG_NUM("uid", peer.uid));
}

void
control_socket_hear(struct control_socket *v, bool is_asked[CONTROL_VERBS])
{
	char byte;

	memset(is_asked, 0, CONTROL_VERBS * sizeof(*is_asked));
	for (size_t i = 0; i < CONTROL_ASKERS; i++) {
		struct asker *a = &v->askers[i];
		if (a->fd < 0)
			continue;
		if (a->verb == CONTROL_NOTHING) {
			read_request(v, a, is_asked);
			continue;
		}
		/* Somebody who waits has nothing more to say: only a hang-up
		 * is looked for. */
		ssize_t n = recv(a->fd, &byte, 1, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			hang_up(a);
	}
}

void
control_socket_take_up(struct control_socket *v, enum control_verb verb)
{
	assert(verb > CONTROL_NOTHING && verb < CONTROL_VERBS);
	for (size_t i = 0; i < CONTROL_ASKERS; i++)
		if (v->askers[i].fd >= 0 && v->askers[i].verb == verb)
			v->askers[i].is_taken_up = true;
}

void
control_socket_tell(struct control_socket *v, enum control_verb verb,
		    const char *text)
{
	for (size_t i = 0; i < CONTROL_ASKERS; i++) {
		struct asker *a = &v->askers[i];
		if (a->fd >= 0 && a->verb == verb && a->is_taken_up)
			say(a, '+', text);
	}
}

void
control_socket_answer(struct control_socket *v, enum control_verb verb,
		      bool is_done, const char *text)
{
	for (size_t i = 0; i < CONTROL_ASKERS; i++) {
		struct asker *a = &v->askers[i];
		if (a->fd < 0 || a->verb != verb || !a->is_taken_up)
			continue;
		say(a, is_done ? 'K' : 'F', text);
		if (a->fd >= 0)
			hang_up(a);
	}
}
