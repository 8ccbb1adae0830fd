/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Escapes by the network and by files. */
#include "support/escapes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

typedef const struct escape_scene scene;

static int
closed(int fd)
{
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

/* ---- Network ------------------------------------------------------------- */

static int
open_socket(int family, int type)
{
	return closed(socket(family, type | SOCK_CLOEXEC, 0));
}

int escape_udp(scene *s) { (void)s; return open_socket(AF_INET, SOCK_DGRAM); }
int escape_udp6(scene *s) { (void)s; return open_socket(AF_INET6, SOCK_DGRAM); }
int escape_raw(scene *s) { (void)s; return open_socket(AF_INET, SOCK_RAW); }
int escape_packet(scene *s)
{
	(void)s;
	return open_socket(AF_PACKET, SOCK_RAW);
}

int
escape_netlink(scene *s)
{
	(void)s;
	return open_socket(AF_NETLINK, SOCK_RAW);
}

int
escape_algorithm(scene *s)
{
	(void)s;
	return open_socket(AF_ALG, SOCK_SEQPACKET);
}

int
escape_vsock(scene *s)
{
	(void)s;
	return open_socket(AF_VSOCK, SOCK_STREAM);
}

int
escape_bind_one(scene *s)
{
	(void)s;
	struct sockaddr_in any = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	int rc = bind(fd, (struct sockaddr *)&any, sizeof(any));
	int error = errno;
	close(fd);
	errno = error;
	return rc;
}

int
escape_listen_without_bind(scene *s)
{
	(void)s;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	int rc = listen(fd, 1);
	int error = errno;
	close(fd);
	errno = error;
	return rc;
}

static int
connect_to_port(unsigned port)
{
	struct sockaddr_in there = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = { htonl(INADDR_LOOPBACK) },
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	int rc = connect(fd, (struct sockaddr *)&there, sizeof(there));
	int error = errno;
	close(fd);
	errno = error;
	return rc;
}

int escape_connect_elsewhere(scene *s) { return connect_to_port(s->port); }

/* Whether or not there is one. */
int
escape_connect_name_server(scene *s)
{
	(void)s;
	return connect_to_port(53) == 0 || errno == ECONNREFUSED ? 0 : -1;
}

/* Where there is no such path, the socket alone says whether one may. */
static int
connect_to(const char *path)
{
	struct sockaddr_un there = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	snprintf(there.sun_path, sizeof(there.sun_path), "%s",
		 path != NULL ? path : "/nowhere");
	int rc = connect(fd, (struct sockaddr *)&there, sizeof(there));
	int error = errno;
	close(fd);
	errno = error;
	return rc;
}

int escape_connect_locally(scene *s) { return connect_to(s->socket); }
int escape_connect_control(scene *s) { return connect_to(s->control); }

int
escape_set_odd_option(scene *s)
{
	(void)s;
	int fd = STDERR_FILENO, on = 1;

	return setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &on, sizeof(on));
}

/* ---- Files --------------------------------------------------------------- */

int
escape_read_shadow(scene *s)
{
	(void)s;
	return closed(open("/etc/shadow", O_RDONLY));
}

int
escape_read_secret(scene *s)
{
	return closed(open(s->secret, O_RDONLY));
}

int
escape_read_group(scene *s)
{
	(void)s;
	return closed(open("/etc/group", O_RDONLY));
}

int
escape_write_outside(scene *s)
{
	(void)s;
	return closed(open("/tmp/guerrilla-escaped",
			   O_WRONLY | O_CREAT | O_TRUNC, 0600));
}

int
escape_link_out(scene *s)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/link", s->spool);
	return symlink("/etc/passwd", path);
}

int
escape_link_hard(scene *s)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/link", s->spool);
	return link("/usr/bin/env", path);
}

int
escape_rename_out(scene *s)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/mine", s->spool);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		return -1;
	close(fd);
	int rc = rename(path, "/tmp/guerrilla-escaped");
	int error = errno;
	unlink(rc == 0 ? "/tmp/guerrilla-escaped" : path);
	errno = error;
	return rc;
}

/* Sparse: it is the size that is asked for. */
int
escape_fill_disk(scene *s)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/huge", s->spool);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		return -1;
	int rc = ftruncate(fd, (off_t)1 << 40);
	int error = errno;
	unlink(path);
	close(fd);
	errno = error;
	return rc;
}

int
escape_make_device(scene *s)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/device", s->spool);
	return mknod(path, S_IFIFO | 0600, 0);
}

int
escape_change_mode_by_path(scene *s)
{
	return chmod(s->spool, 0777);
}
