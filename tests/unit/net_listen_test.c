/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Listeners: names, and sockets that others can reach. */
#include "net/listen.h"

#include "base/memory.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PATH99 "/23456789012345678901234567890123456789012345678901234567" \
	"8901234567890123456789012345678901234567890"

static void
names_say_what_to_open(void **state)
{
	static const struct {
		const char *name;
		enum listen_kind kind;
		const char *rest;       /* address, path or name */
		unsigned port;
	} cases[] = {
		{ "0.0.0.0:25", LISTEN_INET, "0.0.0.0", 25 },
		{ "192.0.2.1:65535", LISTEN_INET, "192.0.2.1", 65535 },
		{ "[::]:25", LISTEN_INET, "::", 25 },
		{ "[2001:DB8::1]:2525", LISTEN_INET, "2001:db8::1", 2525 },
		{ "[::ffff:192.0.2.1]:1", LISTEN_INET, "192.0.2.1", 1 },
		{ "unix:/run/smtp", LISTEN_UNIX, "/run/smtp", 0 },
		{ "UNIX:/a:25", LISTEN_UNIX, "/a:25", 0 },
		{ "unix:" PATH99 "1234567", LISTEN_UNIX, PATH99 "1234567", 0 },
		{ "fd:smtp", LISTEN_INHERITED, "smtp", 0 },
		{ "fd:mail.socket", LISTEN_INHERITED, "mail.socket", 0 },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct listen_name n;
		const char *why = NULL;
		char text[ADDRESS_TEXT_SIZE];
		if (!listen_parse(view_of(cases[i].name), &n, &why))
			fail_msg("%s: %s", cases[i].name, why);
		assert_int_equal(n.kind, cases[i].kind);
		if (n.kind != LISTEN_INET) {
			assert_true(view_equal(n.rest, view_of(cases[i].rest)));
			continue;
		}
		address_print(&n.address, text);
		assert_string_equal(text, cases[i].rest);
		assert_int_equal(n.address.port, cases[i].port);
	}
}

static void
a_wrong_name_is_told_why(void **state)
{
	static const struct { struct view name; const char *why; } cases[] = {
		{ VIEW(""), "port" }, { VIEW("25"), "port" },
		{ VIEW("0.0.0.0"), "port" }, { VIEW("0.0.0.0:"), "port" },
		{ VIEW("0.0.0.0:0"), "port" },
		{ VIEW("0.0.0.0:65536"), "port" },
		{ VIEW("0.0.0.0:+25"), "port" },
		{ VIEW("0.0.0.0:25 "), "port" },
		{ VIEW(":25"), "number" }, { VIEW("*:25"), "number" },
		{ VIEW("localhost:25"), "number" },
		{ VIEW("::1:25"), "number" },
		{ VIEW("[::1]25"), "port" }, { VIEW("[::1:25"), "number" },
		{ VIEW("::1]:25"), "number" }, { VIEW("[]:25"), "number" },
		{ VIEW("[127.0.0.1]:25"), "number" },
		{ VIEW("[fe80::1%eth0]:25"), "number" },
		{ VIEW("256.0.0.1:25"), "number" }, { VIEW("[:25"), "number" },
		{ VIEW("unix:"), "absolute" },
		{ VIEW("unix:run/a"), "absolute" },
		{ VIEW("unix:" PATH99 "12345678"), "107" },
		{ VIEW("unix:/a\0b"), "NUL" }, { VIEW("0.0.0.0\0:25"), "NUL" },
		{ VIEW("fd:"), "FileDescriptorName" },
		{ VIEW("fd:a:b"), "FileDescriptorName" },
		{ VIEW("fd:a b"), "FileDescriptorName" },
		{ VIEW("fd:\303\274"), "FileDescriptorName" },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct listen_name n = { .kind = LISTEN_UNIX };
		const char *why = NULL;
		if (listen_parse(cases[i].name, &n, &why))
			fail_msg("%s is no name", cases[i].name.at);
		if (strstr(why, cases[i].why) == NULL)
			fail_msg("%s: %s", cases[i].name.at, why);
		assert_int_equal(n.kind, LISTEN_UNIX);
	}
}

static void
the_same_socket_is_known_by_any_spelling(void **state)
{
	static const struct { const char *a, *b; bool same; } cases[] = {
		{ "0.0.0.0:25", "0.0.0.0:25", true },
		{ "0.0.0.0:25", "0.0.0.0:026", false },
		{ "[::]:25", "[0::0]:25", true },
		{ "[::ffff:127.0.0.1]:25", "127.0.0.1:25", true },
		{ "0.0.0.0:25", "[::]:25", false },
		{ "unix:/a", "UNIX:/a", true }, { "unix:/a", "unix:/A", false },
		{ "fd:a", "fd:a", true }, { "fd:a", "fd:b", false },
		{ "fd:a", "unix:/a", false },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct listen_name a, b;
		const char *why;
		assert_true(listen_parse(view_of(cases[i].a), &a, &why));
		assert_true(listen_parse(view_of(cases[i].b), &b, &why));
		if (listen_is_same(&a, &b) != cases[i].same)
			fail_msg("%s and %s", cases[i].a, cases[i].b);
	}
}

/* ---- Sockets ------------------------------------------------------------ */

static int
open_or_fail(const char *name, unsigned mode)
{
	struct listen_settings s = { .name = name, .mode = mode };
	char why[256] = "";
	int fd = listen_open(&s, why, sizeof(why));

	if (fd < 0)
		fail_msg("%s", why);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	return fd;
}

/* The sentence, which begins with the listener's name. */
static void
refused(const char *name, const char *sentence)
{
	struct listen_settings s = { .name = name, .mode = 0600 };
	char why[256] = "";

	assert_int_equal(listen_open(&s, why, sizeof(why)), -1);
	assert_int_equal(strncmp(why, name, strlen(name)), 0);
	if (strstr(why, sentence) == NULL)
		fail_msg("%s", why);
}

/* A port nobody uses now. */
static unsigned
free_port(int family)
{
	struct sockaddr_storage at = { .ss_family = (sa_family_t)family };
	socklen_t len = sizeof(at);
	int fd = socket(family, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at,
			      family == AF_INET ? sizeof(struct sockaddr_in)
				      : sizeof(struct sockaddr_in6)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	close(fd);
	return address_from_socket(&at).port;
}

/* Connects to the port of the loopback address; what accept() sees. What will
 * be written to that client does not wait for one before to be acknowledged. */
static struct address
visit(int listener, int family, unsigned port)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
				    .sin6_port = htons((uint16_t)port),
				    .sin6_addr = in6addr_loopback };
	struct sockaddr_storage from = { 0 };
	socklen_t len = sizeof(from), size = sizeof(int);
	int hurries = 0;
	int fd = socket(family, SOCK_STREAM, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int rc = family == AF_INET
		? connect(fd, (struct sockaddr *)&in, sizeof(in))
		: connect(fd, (struct sockaddr *)&in6, sizeof(in6));
	assert_int_equal(rc, 0);
	int peer = accept(listener, (struct sockaddr *)&from, &len);
	assert_true(peer >= 0);
	assert_int_equal(getsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &hurries,
				    &size), 0);
	assert_int_not_equal(hurries, 0);
	close(peer);
	close(fd);
	return address_from_socket(&from);
}

static void
ipv4_and_ipv6_share_a_port(void **state)
{
	unsigned port = free_port(AF_INET);
	char v4[64], v6[64], text[ADDRESS_TEXT_SIZE];
	(void)state;

	snprintf(v4, sizeof(v4), "0.0.0.0:%u", port);
	snprintf(v6, sizeof(v6), "[::]:%u", port);
	int four = open_or_fail(v4, 0);
	struct address a = visit(four, AF_INET, port);
	address_print(&a, text);
	assert_string_equal(text, "127.0.0.1");
	if (listen_has_ipv6()) {
		int six = open_or_fail(v6, 0);
		a = visit(six, AF_INET6, port);
		address_print(&a, text);
		assert_string_equal(text, "::1");
		close(six);
	}
	refused(v4, "another program listens there already");
	close(four);
	/* Reopened at once, though a connection is in TIME_WAIT. */
	close(open_or_fail(v4, 0));
}

static void
faults_are_told_with_what_helps(void **state)
{
	int status;
	(void)state;

	refused("192.0.2.77:2525", "does not have that address");
	refused("unix:/nowhere/at/all", "its folder is not there");
	refused("fd:smtp", "no sockets were handed to this process");
	refused("nonsense", "needs a port");
	pid_t pid = fork();
	if (pid == 0) {
		struct listen_settings s = { .name = "127.0.0.1:24" };
		char why[256] = "";
		if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
			_exit(2);
		int fd = listen_open(&s, why, sizeof(why));
		/* Where low ports are free for all there is no fault. */
		_exit(fd >= 0 || strstr(why, "CAP_NET_BIND_SERVICE") ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
a_unix_socket_has_its_mode_and_leaves(void **state)
{
	char directory[] = "/tmp/net-listen-XXXXXX", path[64], name[80];
	struct listen_settings s = { .name = name, .mode = 0640 };
	struct stat st;
	(void)state;

	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/smtp", directory);
	snprintf(name, sizeof(name), "unix:%s", path);
	int fd = open_or_fail(name, 0640);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	refused(name, "another program listens there already");

	/* Left behind by a program that was killed: replaced. */
	close(fd);
	assert_int_equal(stat(path, &st), 0);
	fd = open_or_fail(name, 0666);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0666);
	close(fd);
	listen_remove_file(&s);
	assert_int_equal(stat(path, &st), -1);
	listen_remove_file(&s);

	/* What is no socket is never touched. */
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	close(fd);
	refused(name, "no socket is there already");
	assert_int_equal(stat(path, &st), 0);
	unlink(path);
	rmdir(directory);
}

static void
systemd_hands_over_by_name(void **state)
{
	char number[16];
	int status;
	(void)state;

	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		struct sockaddr_in any = { .sin_family = AF_INET };
		for (int fd = 3; fd < 6; fd++)
			close(fd);
		int udp = socket(AF_INET, SOCK_DGRAM, 0);
		int one = socket(AF_INET, SOCK_STREAM, 0);
		int two = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(udp, 3);
		assert_int_equal(two, 5);
		bind(one, (struct sockaddr *)&any, sizeof(any));
		listen(one, 5);
		snprintf(number, sizeof(number), "%d", getpid());
		setenv("LISTEN_PID", number, 1);
		setenv("LISTEN_FDS", "3", 1);
		setenv("LISTEN_FDNAMES", "stats:smtp:raw", 1);
		int fd = open_or_fail("fd:smtp", 0);
		assert_true(fd > 5);
		assert_true(fcntl(one, F_GETFD) & FD_CLOEXEC);
		/* And again, for a reload that brings it back. */
		close(fd);
		close(open_or_fail("fd:smtp", 0));
		refused("fd:stats", "no listening stream socket");
		refused("fd:raw", "no listening stream socket");
		refused("fd:other", "does not have this name");
		refused("fd:sm", "does not have this name");
		setenv("LISTEN_FDNAMES", "smtp:smtp", 1);
		refused("fd:smtp", "twice");
		unsetenv("LISTEN_FDNAMES");
		refused("fd:smtp", "does not have this name");
		setenv("LISTEN_PID", "1", 1);
		refused("fd:smtp", "no sockets were handed");
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_say_what_to_open),
		cmocka_unit_test(a_wrong_name_is_told_why),
		cmocka_unit_test(the_same_socket_is_known_by_any_spelling),
		cmocka_unit_test(ipv4_and_ipv6_share_a_port),
		cmocka_unit_test(faults_are_told_with_what_helps),
		cmocka_unit_test(a_unix_socket_has_its_mode_and_leaves),
		cmocka_unit_test(systemd_hands_over_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
