/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Session tickets: good at all workers, over a reload, and at all machines
 * that share a file; not for ever. */
#include "net/tls_context.h"

#include "base/clock.h"
#include "net/ticket_keys.h"
#include "support/tls_fixture.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Serves the other end of a socket in a process of its own: a byte comes back,
 * and the ticket before it. */
static void
serve_in_child(struct tls_context *c, const int ends[2])
{
	struct tls *t = tls_new(c, ends[0]);
	char byte = '?';
	size_t n;

	close(ends[1]);
	assert_int_equal(fcntl(ends[0], F_SETFL, 0), 0);
	if (tls_accept(t) != TLS_OK ||
	    tls_read(t, &byte, 1, &n) != TLS_OK)
		_exit(2);
	tls_write(t, (struct view){ &byte, 1 }, &n);
	_exit(0);
}

/* A connection to a worker forked now; gives back the session for the next
 * one. The answer is 'R' for resumed. */
static char
visit(struct tls_context *c, int version, SSL_SESSION **session)
{
	int ends[2], status;
	char answer = '?';

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	pid_t pid = fork();
	if (pid == 0)
		serve_in_child(c, ends);
	close(ends[0]);
	SSL_CTX *ctx = tls_client_context();
	SSL *ssl = SSL_new(ctx);
	SSL_set_fd(ssl, ends[1]);
	SSL_set_max_proto_version(ssl, version);
	SSL_set_tlsext_host_name(ssl, "mail.example.net");
	if (*session != NULL)
		SSL_set_session(ssl, *session);
	assert_int_equal(SSL_connect(ssl), 1);
	assert_int_equal(SSL_write(ssl, "?", 1), 1);
	assert_int_equal(SSL_read(ssl, &answer, 1), 1);
	answer = SSL_session_reused(ssl) ? 'R' : 'N';
	SSL_SESSION_free(*session);
	*session = SSL_get1_session(ssl);
	/* Or OpenSSL takes the session for a broken one. */
	SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	close(ends[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return answer;
}

static void
workers_take_each_others_tickets(void **state)
{
	struct certificate_settings two[] = {
		{ "", files.cert, files.key },
		{ "mail.example.net", files.other_cert, files.other_key },
	};
	(void)state;

	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION;
	     version++) {
		struct tls_context *c = load(two, 2, 12);
		struct tls_context *next = load(two, 2, 12);
		SSL_SESSION *session = NULL;
		assert_int_equal(visit(c, version, &session), 'N');
		assert_int_equal(visit(c, version, &session), 'R');
		assert_int_equal(visit(c, version, &session), 'R');
		/* Another generation has other keys. */
		assert_int_equal(visit(next, version, &session), 'N');
		SSL_SESSION_free(session);
		tls_context_free(&c);
		tls_context_free(&next);
	}
}

static int64_t faked_us;

static int64_t
faked_clock(void)
{
	return faked_us;
}

static void
ticket_keys_turn_every_six_hours(void **state)
{
	enum { HOUR_MS = 3600 * 1000 };
	static const struct { int hours; char answer; } steps[] = {
		{ 0, 'N' }, { 0, 'R' }, { 5, 'R' },
		{ 6, 'R' },             /* by the keys before */
		{ 12, 'R' }, { 17, 'R' },       /* renewed meanwhile */
		{ 30, 'N' },            /* two periods later: forgotten */
		{ 30, 'R' }, { 3000, 'N' },
	};
	(void)state;

	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION;
	     version++) {
		faked_us = 0;
		clock_fake(faked_clock, NULL);
		struct certificate_settings one = { "", files.cert,
						    files.key };
		struct tls_context *c = load(&one, 1, 12);
		SSL_SESSION *session = NULL;
		for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
			faked_us = (int64_t)steps[i].hours * HOUR_MS * 1000;
			/* Half of the time they are turned as well. */
			if (i % 2)
				ticket_keys_turn(
					tls_context_ticket_keys(c));
			char answer = visit(c, version, &session);
			if (answer != steps[i].answer)
				fail_msg("step %zu: %c", i, answer);
		}
		SSL_SESSION_free(session);
		tls_context_free(&c);
	}
	clock_fake(NULL, NULL);
}

static void
another_signer_goes_on_with_the_keys(void **state)
{
	struct certificate_settings one = { "", files.cert, files.key };
	struct tls_context *c = load(&one, 1, 12), *next = load(&one, 1, 12);
	SSL_SESSION *session = NULL;
	int fd = memfd_create("tickets", MFD_CLOEXEC);
	(void)state;

	ticket_keys_keep_in(tls_context_ticket_keys(c), fd);
	assert_int_equal(visit(c, TLS1_3_VERSION, &session), 'N');
	ticket_keys_keep_in(tls_context_ticket_keys(next), fd);
	close(fd);
	tls_context_free(&c);
	assert_int_equal(visit(next, TLS1_3_VERSION, &session), 'R');
	SSL_SESSION_free(session);
	tls_context_free(&next);
}

static void
write_secret(const char *file, char octet, size_t len, mode_t mode)
{
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(fputc(octet, f), octet);
	fclose(f);
	assert_int_equal(chmod(file, mode), 0);
}

static struct tls_context *
load_shared(const char *file, char *why, size_t size)
{
	struct certificate_settings one = { "", files.cert, files.key };
	struct net_settings settings = { .certificates = &one,
					 .certificate_count = 1,
					 .tls_min_version = 12,
					 .ticket_keys_file = file };

	return tls_context_with_keys(&settings, why, size);
}

/* Two machines of one file, whose clocks run from different starts. */
static void
a_file_gives_the_same_keys_everywhere(void **state)
{
	enum { HOUR = 3600 };
	static const struct { int hours; char answer; } steps[] = {
		{ 0, 'N' }, { 0, 'R' }, { 6, 'R' }, { 12, 'R' }, { 24, 'N' },
		{ 23, 'R' }, { 29, 'R' }, { 0, 'N' },
	};
	char why[512];
	(void)state;

	write_secret(files.missing, 'x', 32, 0600);
	struct tls_context *one = load_shared(files.missing, why, sizeof(why));
	assert_non_null(one);
	clock_fake(NULL, faked_clock);
	faked_us = (int64_t)HOUR * 1000 * 1000 * 1000000;
	int64_t start_us = faked_us;
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION;
	     version++) {
		SSL_SESSION *session = NULL;
		for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
			faked_us = start_us + steps[i].hours * (int64_t)HOUR *
					      1000000;
			/* Each time another process: nothing is kept. */
			struct tls_context *other = load_shared(files.missing,
				why, sizeof(why));
			assert_non_null(other);
			char answer = visit(i % 2 ? one : other, version,
					    &session);
			tls_context_free(&other);
			if (answer != steps[i].answer)
				fail_msg("step %zu: %c", i, answer);
		}
		SSL_SESSION_free(session);
	}
	clock_fake(NULL, NULL);
	tls_context_free(&one);
	unlink(files.missing);
}

static void
a_bad_file_of_keys_is_told(void **state)
{
	char why[512];
	(void)state;

	assert_null(load_shared(files.missing, why, sizeof(why)));
	assert_non_null(strstr(why, "No such file"));
	write_secret(files.missing, 'x', 31, 0600);
	assert_null(load_shared(files.missing, why, sizeof(why)));
	assert_non_null(strstr(why, "32 random octets"));
	write_secret(files.missing, 'x', 32, 0644);
	assert_null(load_shared(files.missing, why, sizeof(why)));
	assert_non_null(strstr(why, "chmod 0640"));
	unlink(files.missing);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(workers_take_each_others_tickets),
		cmocka_unit_test(ticket_keys_turn_every_six_hours),
		cmocka_unit_test(another_signer_goes_on_with_the_keys),
		cmocka_unit_test(a_file_gives_the_same_keys_everywhere),
		cmocka_unit_test(a_bad_file_of_keys_is_told),
	};

	return cmocka_run_group_tests(tests, tls_fixture_make,
				      tls_fixture_remove);
}
