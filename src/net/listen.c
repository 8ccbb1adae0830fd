/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Listening sockets. Everything an operator can get wrong here is said in a
 * sentence of its own, because it is met once, at start, by a person. */
#include "net/listen.h"

#include "base/process.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	BACKLOG = 4096,         /* the kernel cuts it to somaxconn */
	FIRST_INHERITED = 3     /* sd_listen_fds(3) */
};

/* Where a fault goes. */
struct listen_error {
	const char *name;
	char *text;
	size_t size;
};

static int
refuse(const struct listen_error *w, const char *sentence)
{
	snprintf(w->text, w->size, "%s: %s", w->name, sentence);
	return -1;
}

/* ---- Names -------------------------------------------------------------- */

/* What is wrong with it; NULL: nothing. */
static const char *
parse_inet(struct view name, struct listen_name *out)
{
	size_t colon = view_find_last(name, ':');
	struct view host = view_slice(name, 0, colon);
	struct address address;
	size_t port;

	if (!view_to_size(view_slice(name, colon + 1, name.len), 65535,
			  &port) || port == 0)
		return "needs a port from 1 to 65535 at its end";
	bool is_v6 = host.len > 1 && host.at[0] == '[' &&
		     host.at[host.len - 1] == ']';
	if (is_v6)
		host = view_slice(host, 1, host.len - 1);
	if (!address_parse_family(host, is_v6 ? AF_INET6 : AF_INET, &address))
		return "write ADDRESS:PORT, [IPV6]:PORT, unix:/PATH or "
		       "fd:NAME, with a number for the address";
	address.port = (uint16_t)port;
	*out = (struct listen_name){ .kind = LISTEN_INET,
				     .address = address };
	return NULL;
}

bool
listen_parse(struct view name, struct listen_name *out, const char **why_out)
{
	const size_t room = sizeof(((struct sockaddr_un *)0)->sun_path);
	struct view unix_ = VIEW("unix:"), fd = VIEW("fd:");
	struct listen_name made = { .kind = LISTEN_INHERITED };
	const char *why = NULL;

	if (view_find(name, '\0') != name.len) {
		why = "holds a NUL";
	} else if (view_starts_nocase(name, unix_)) {
		made.kind = LISTEN_UNIX;
		made.rest = view_slice(name, unix_.len, name.len);
		if (made.rest.len == 0 || made.rest.at[0] != '/')
			why = "a unix listener needs an absolute path";
		else if (made.rest.len >= room)
			why = "a socket's path ends at 107 bytes";
	} else if (view_starts_nocase(name, fd)) {
		made.rest = view_slice(name, fd.len, name.len);
		bool is_fine = made.rest.len > 0 && made.rest.len <= 255;
		for (size_t i = 0; i < made.rest.len && is_fine; i++)
			is_fine = made.rest.at[i] > ' ' &&
				  made.rest.at[i] <= '~' &&
				  made.rest.at[i] != ':';
		if (!is_fine)
			why = "write fd:NAME as in FileDescriptorName=";
	} else {
		why = parse_inet(name, &made);
	}
	if (why != NULL)
		*why_out = why;
	else
		*out = made;
	return why == NULL;
}

bool
listen_is_same(const struct listen_name *a, const struct listen_name *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind != LISTEN_INET)
		return view_equal(a->rest, b->rest);
	return a->address.len == b->address.len &&
	       a->address.port == b->address.port &&
	       memcmp(a->address.bytes, b->address.bytes,
		      a->address.len) == 0;
}

/* ---- What helps --------------------------------------------------------- */

static const char *
advice(int error, enum listen_kind kind)
{
	static const struct {
		int error;
		enum listen_kind kind;
		const char *sentence;
	} known[] = {
		{ EADDRINUSE, LISTEN_INET,
		  "another program listens there already ('ss -ltnp' shows "
		  "which)" },
		{ EACCES, LISTEN_INET,
		  "not permitted: ports below 1024 need a start as root, or "
		  "CAP_NET_BIND_SERVICE" },
		{ EADDRNOTAVAIL, LISTEN_INET,
		  "this machine does not have that address" },
		{ EAFNOSUPPORT, LISTEN_INET,
		  "this machine has no addresses of that kind" },
		{ EACCES, LISTEN_UNIX,
		  "not permitted: look at the owner and mode of its folder" },
		{ ENOENT, LISTEN_UNIX, "its folder is not there" },
		{ EADDRINUSE, LISTEN_UNIX,
		  "another program listens there already" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].error == error && known[i].kind == kind)
			return known[i].sentence;
	return strerror(error);
}

/* ---- Opening ------------------------------------------------------------ */

static int
make_socket(int family)
{
	return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* A listening socket, or -1 with errno. */
static int
open_inet(const struct address *a)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_port = htons(a->port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
				    .sin6_port = htons(a->port) };
	bool is_v6 = a->len == sizeof(in6.sin6_addr);
	int on = 1;
	int fd = make_socket(is_v6 ? AF_INET6 : AF_INET);

	if (fd < 0)
		return -1;
	memcpy(&in6.sin6_addr, a->bytes, sizeof(in6.sin6_addr));
	memcpy(&in.sin_addr, a->bytes, sizeof(in.sin_addr));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (is_v6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, is_v6 ? (struct sockaddr *)&in6 : (struct sockaddr *)&in,
		 is_v6 ? sizeof(in6) : sizeof(in)) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	close_keeping_errno(fd);
	return -1;
}

static int
open_unix(struct view path, unsigned mode, const struct listen_error *w)
{
	struct sockaddr_un where = { .sun_family = AF_UNIX };
	struct stat st;

	assert(path.len < sizeof(where.sun_path));
	memcpy(where.sun_path, path.at, path.len);
	/* A socket file that a killed program left goes away: one where a
	 * connection finds nobody. */
	if (lstat(where.sun_path, &st) == 0) {
		if (!S_ISSOCK(st.st_mode))
			return refuse(w, "a file that is no socket is there "
					 "already");
		int probe = make_socket(AF_UNIX);
		bool is_deserted = probe >= 0 &&
				   connect(probe, (struct sockaddr *)&where,
					   sizeof(where)) != 0 &&
				   errno == ECONNREFUSED;
		if (probe >= 0)
			close(probe);
		if (!is_deserted)
			return refuse(w, advice(EADDRINUSE, LISTEN_UNIX));
		if (unlink(where.sun_path) != 0 && errno != ENOENT)
			return refuse(w, advice(errno, LISTEN_UNIX));
	}
	int fd = make_socket(AF_UNIX);
	if (fd < 0)
		return refuse(w, strerror(errno));
	/* Born with its mode: a chmod afterwards would leave a gap. */
	mode_t before = umask(~mode & 0777);
	int rc = bind(fd, (struct sockaddr *)&where, sizeof(where));
	int error = errno;
	umask(before);
	if (rc == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	refuse(w, advice(rc != 0 ? error : errno, LISTEN_UNIX));
	close(fd);
	return -1;
}

static int
open_inherited(struct view name, const struct listen_error *w)
{
	size_t pid, count;
	int listens = 0, type = 0;
	socklen_t len = sizeof(int), type_len = sizeof(int);
	struct view names = view_of(getenv("LISTEN_FDNAMES"));
	int original = -1;

	if (!view_to_size(view_of(getenv("LISTEN_PID")), INT32_MAX, &pid) ||
	    pid != (size_t)getpid() ||
	    !view_to_size(view_of(getenv("LISTEN_FDS")), 1024, &count))
		return refuse(w, "no sockets were handed to this process "
				 "(LISTEN_PID, LISTEN_FDS): is its systemd "
				 "socket unit started?");
	for (int i = 0; i < (int)count; i++) {
		size_t colon = view_find(names, ':');
		bool is_it = view_equal(view_slice(names, 0, colon), name);
		if (is_it && original >= 0)
			return refuse(w, "LISTEN_FDNAMES has this name twice: "
					 "give each socket a "
					 "FileDescriptorName= of its own");
		if (is_it)
			original = FIRST_INHERITED + i;
		names = view_slice(names, colon + 1, names.len);
	}
	if (original < 0)
		return refuse(w, "LISTEN_FDNAMES does not have this name");
	if (getsockopt(original, SOL_SOCKET, SO_ACCEPTCONN, &listens,
		       &len) != 0 || listens == 0 ||
	    getsockopt(original, SOL_SOCKET, SO_TYPE, &type,
		       &type_len) != 0 || type != SOCK_STREAM)
		return refuse(w, "what was handed over is no listening "
				 "stream socket (Accept=no, ListenStream=)");
	/* A copy: the original's number stays ours for a later reload. */
	int fd = fcntl(original, F_DUPFD_CLOEXEC, FIRST_INHERITED);
	if (fd < 0)
		return refuse(w, strerror(errno));
	fcntl(original, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	return fd;
}

int
listen_open(const struct listen_settings *s, char *why, size_t size)
{
	struct listen_error w = { s->name, why, size };
	struct listen_name name;
	const char *fault;
	int fd = -1, on = 1;

	if (!listen_parse(view_of(s->name), &name, &fault))
		return refuse(&w, fault);
	switch (name.kind) {
	case LISTEN_UNIX:
		return open_unix(name.rest, s->mode, &w);
	case LISTEN_INHERITED:
		fd = open_inherited(name.rest, &w);
		break;
	case LISTEN_INET:
		fd = open_inet(&name.address);
		if (fd < 0)
			refuse(&w, advice(errno, LISTEN_INET));
		break;
	}
	/* Every connection inherits it, without a call of its own. The
	 * greeting goes out behind the tickets of a TLS handshake, and would
	 * wait for a client that is in no hurry to acknowledge those. */
	if (fd >= 0)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

void
listen_remove_file(const struct listen_settings *s)
{
	struct listen_name name;
	const char *fault;

	/* The path is the end of the name, so it is a C string. */
	if (listen_parse(view_of(s->name), &name, &fault) &&
	    name.kind == LISTEN_UNIX)
		unlink(name.rest.at);
}

bool
listen_has_ipv6(void)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6 };
	int fd = make_socket(AF_INET6);

	if (fd < 0)
		return false;
	bool has = bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0;
	close(fd);
	return has;
}
