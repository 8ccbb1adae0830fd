/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TLS connections against OpenSSL as the client, over a socket pair in one
 * process: handshakes, bytes however they are cut, and each end. */
#include "net/tls.h"

#include "base/memory.h"
#include "support/tls_fixture.h"

#include <malloc.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct tls_context *
load_default(int min_version)
{
	struct certificate_settings one = { "", files.cert, files.key };

	return load(&one, 1, min_version);
}

/* ---- Handshakes --------------------------------------------------------- */

static void
versions_are_negotiated(void **state)
{
	static const struct {
		int server_min, client_version;
		const char *described;  /* NULL: refused */
	} cases[] = {
		{ 12, TLS1_3_VERSION, "TLSv1.3 TLS_AES_256_GCM_SHA384" },
		{ 12, TLS1_2_VERSION, "TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384" },
		{ 12, TLS1_1_VERSION, NULL },
		{ 12, TLS1_VERSION, NULL },
		{ 13, TLS1_3_VERSION, "TLSv1.3 TLS_AES_256_GCM_SHA384" },
		{ 13, TLS1_2_VERSION, NULL },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tls_context *c = load_default(cases[i].server_min);
		struct tls_pair p;
		tls_pair_open(&p, c, false);
		SSL_set_security_level(p.client, 0);
		SSL_set_min_proto_version(p.client, cases[i].client_version);
		SSL_set_max_proto_version(p.client, cases[i].client_version);
		enum tls_result r = tls_pair_shake(&p);
		char text[TLS_DESCRIPTION_SIZE];
		assert_int_equal(r, cases[i].described ? TLS_OK : TLS_FAILED);
		if (r == TLS_OK) {
			size_t len = tls_describe(p.server, text, sizeof(text));
			assert_string_equal(text, cases[i].described);
			assert_int_equal(len, strlen(text));
			assert_int_equal(tls_describe(p.server, text, 5), 4);
			assert_string_equal(text, "TLSv");
		} else {
			assert_true(strlen(tls_failure(p.server)) > 4);
		}
		tls_pair_close(&p);
		tls_context_free(&c);
	}
}

static void
old_ciphers_are_refused(void **state)
{
	static const char *const lists[] = {
		"AES128-SHA:@SECLEVEL=0", "ECDHE-ECDSA-AES128-SHA",
		"ECDHE-ECDSA-AES256-SHA384", "aNULL:@SECLEVEL=0",
		"eNULL:@SECLEVEL=0", "DHE",
	};
	(void)state;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct tls_context *c = load_default(12);
		struct tls_pair p;
		tls_pair_open(&p, c, false);
		SSL_set_max_proto_version(p.client, TLS1_2_VERSION);
		assert_int_equal(SSL_set_cipher_list(p.client, lists[i]), 1);
		if (tls_pair_shake(&p) == TLS_OK)
			fail_msg("%s", lists[i]);
		tls_pair_close(&p);
		tls_context_free(&c);
	}
}

/* ---- Bytes -------------------------------------------------------------- */

static void
bytes_go_both_ways_at_any_size(void **state)
{
	enum { SIZE = 300000 };
	struct tls_context *c = load_default(12);
	char *sent = memory_new(SIZE, 1), *got = memory_new(SIZE, 1);
	struct tls_pair p;
	(void)state;

	for (size_t i = 0; i < SIZE; i++)
		sent[i] = (char)(i * 7 + i / 256);
	tls_pair_open(&p, c, false);
	assert_int_equal(tls_pair_shake(&p), TLS_OK);

	size_t out = 0, in = 0, n;
	while (in < SIZE) {
		enum tls_result r = TLS_OK;
		while (out < SIZE && r == TLS_OK) {
			struct view rest = { sent + out, SIZE - out };
			n = 0;
			r = tls_write(p.server, rest, &n);
			assert_true(r == TLS_OK ? n > 0 : r == TLS_WANTS_WRITE);
			out += r == TLS_OK ? n : 0;
			/* The buffer may move between two tries. */
			char *moved = memory_new(SIZE, 1);
			memcpy(moved, sent, SIZE);
			free(sent);
			sent = moved;
		}
		while (SSL_read_ex(p.client, got + in, SIZE - in, &n) == 1)
			in += n;
	}
	assert_memory_equal(sent, got, SIZE);

	/* And back, by one byte at a time. */
	assert_int_equal(SSL_write_ex(p.client, sent, 5000, &n), 1);
	for (size_t i = 0; i < 5000; i++) {
		char byte;
		assert_int_equal(tls_read(p.server, &byte, 1, &n), TLS_OK);
		assert_int_equal(byte, sent[i]);
	}
	assert_int_equal(tls_read(p.server, got, 1, &n), TLS_WANTS_READ);
	tls_pair_close(&p);
	tls_context_free(&c);
	free(sent);
	free(got);
}

/* Records that one system call took off the socket, which poll() does not
 * tell of; and a part of one, which nothing can be done with. */
static void
what_was_read_ahead_is_told(void **state)
{
	(void)state;
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION;
	     version++) {
		struct tls_context *c = load_default(12);
		struct tls_pair p;
		char got[32];
		size_t n = 0;
		tls_pair_open(&p, c, true);
		SSL_set_max_proto_version(p.client, version);
		assert_int_equal(tls_pair_shake(&p), TLS_OK);
		assert_int_equal(SSL_write(p.client, "NOOP\r\n", 6), 6);
		assert_int_equal(SSL_write(p.client, "RSET\r\n", 6), 6);
		size_t whole = tls_pair_carry(&p, 1000);
		assert_int_equal(whole % 2, 0);
		assert_int_equal(tls_read(p.server, got, 32, &n), TLS_OK);
		assert_int_equal(n, 6);
		assert_true(tls_has_pending(p.server));
		assert_int_equal(tls_read(p.server, got, 32, &n), TLS_OK);
		assert_memory_equal(got, "RSET\r\n", 6);
		assert_false(tls_has_pending(p.server));
		assert_int_equal(SSL_write(p.client, "HELP\r\n", 6), 6);
		assert_int_equal(SSL_write(p.client, "QUIT\r\n", 6), 6);
		tls_pair_carry(&p, whole * 3 / 4);
		assert_int_equal(tls_read(p.server, got, 32, &n), TLS_OK);
		assert_true(tls_has_pending(p.server));
		assert_int_equal(tls_read(p.server, got, 32, &n),
				 TLS_WANTS_READ);
		tls_pair_carry(&p, 1000);
		assert_int_equal(tls_read(p.server, got, 32, &n), TLS_OK);
		assert_memory_equal(got, "QUIT\r\n", 6);
		assert_false(tls_has_pending(p.server));
		tls_pair_close(&p);
		tls_context_free(&c);
	}
}

/* The bytes of the client cross the wire one by one: no state of the server
 * may depend on where records are cut. */
static void
records_may_arrive_byte_by_byte(void **state)
{
	(void)state;
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION;
	     version++) {
		struct tls_context *c = load_default(12);
		struct tls_pair p;
		char got[32] = "";
		size_t n = 0, wants = 0;
		tls_pair_open(&p, c, true);
		SSL_set_max_proto_version(p.client, version);
		assert_int_equal(tls_pair_shake(&p), TLS_OK);
		assert_int_equal(SSL_write(p.client, "MAIL FROM:<>\r\n", 14),
				 14);
		while (tls_pair_carry(&p, 1) > 0) {
			enum tls_result r = tls_read(p.server, got,
						     sizeof(got), &n);
			if (r == TLS_OK)
				break;
			assert_int_equal(r, TLS_WANTS_READ);
			wants++;
		}
		assert_true(wants > 14);
		assert_int_equal(n, 14);
		assert_memory_equal(got, "MAIL FROM:<>\r\n", 14);
		tls_pair_close(&p);
		tls_context_free(&c);
	}
}

static void
a_connection_ends_in_each_way(void **state)
{
	enum { NOTIFIED, CUT, GARBAGE, WAYS };
	struct tls_context *c = load_default(12);
	(void)state;

	for (int way = NOTIFIED; way < WAYS; way++) {
		struct tls_pair p;
		char byte;
		size_t n = 0;
		tls_pair_open(&p, c, false);
		assert_int_equal(tls_pair_shake(&p), TLS_OK);
		/* An unread ticket would make a reset of the cut. */
		assert_true(SSL_read(p.client, &byte, 1) < 0);
		if (way == NOTIFIED)
			SSL_shutdown(p.client);
		else if (way == GARBAGE)
			assert_int_equal(write(p.client_fd,
					       "QUIT and some more\r\n", 20),
					 20);
		else
			tls_pair_cut(&p);
		assert_int_equal(tls_read(p.server, &byte, 1, &n),
				 way == GARBAGE ? TLS_FAILED : TLS_EOF);
		if (way == GARBAGE) {
			/* Once broken it stays so, and says why. */
			assert_string_not_equal(tls_failure(p.server), "none");
			assert_int_equal(tls_write(p.server, VIEW("421"), &n),
					 TLS_FAILED);
			assert_int_equal(tls_accept(p.server), TLS_FAILED);
		}
		tls_close(p.server);
		tls_pair_close(&p);
	}
	tls_context_free(&c);
}

/* What the heap holds for the server's side, where it can be told. */
static size_t
heap_bytes(void)
{
	return mallinfo2().uordblks;
}

static void
memory_is_told_as_it_is_held(void **state)
{
	static char big[100000];
	struct tls_context *c = load_default(12);
	struct tls_pair p;
	size_t n;
	(void)state;

	tls_pair_open(&p, c, false);
	assert_in_range(tls_bytes(p.server), 40000, 50000);
	assert_int_equal(tls_pair_shake(&p), TLS_OK);
	size_t idle = tls_bytes(p.server), before = heap_bytes();
	while (tls_write(p.server, (struct view){ big, sizeof(big) }, &n) ==
	       TLS_OK)
		;
	size_t stuck = tls_bytes(p.server), grown = heap_bytes() - before;
	/* The address sanitizer's heap gives no figures. */
	assert_true(grown <= stuck - idle + 1024);
	while (SSL_read(p.client, big, sizeof(big)) > 0)
		;
	assert_int_equal(tls_write(p.server, (struct view){ big, sizeof(big) },
				   &n), TLS_OK);
	assert_int_equal(tls_bytes(p.server), idle);
	tls_pair_close(&p);
	tls_context_free(&c);
}

static void
we_say_goodbye_with_close_notify(void **state)
{
	struct tls_context *c = load_default(12);
	struct tls_pair p;
	char byte;
	(void)state;

	tls_pair_open(&p, c, false);
	tls_close(p.server);            /* before a handshake: nothing */
	assert_int_equal(tls_pair_shake(&p), TLS_OK);
	tls_close(p.server);
	int rc = SSL_read(p.client, &byte, 1);
	assert_int_equal(SSL_get_error(p.client, rc), SSL_ERROR_ZERO_RETURN);
	tls_pair_close(&p);
	tls_context_free(&c);
}

static void
what_is_no_handshake_fails_with_a_reason(void **state)
{
	static const struct { struct view bytes; const char *why; } cases[] = {
		{ VIEW("GET / HTTP/1.1\r\n\r\n"), "http request" },
		{ VIEW("EHLO client.example\r\n"), "wrong version number" },
		{ VIEW("\x16\3\1\0\5\1\0\0\1\0"), NULL },
		{ VIEW("\x16\3\1\xff\xff"), NULL },
		{ VIEW("\x17\3\3\0\1\0"), NULL },
		{ VIEW("\x80\x2e\1\0\2\0\x15\0\0\0\x10"), NULL },
	};
	struct tls_context *c = load_default(12);
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tls_pair p;
		tls_pair_open(&p, c, false);
		assert_int_equal(write(p.client_fd, cases[i].bytes.at,
				       cases[i].bytes.len),
				 cases[i].bytes.len);
		assert_int_equal(shutdown(p.client_fd, SHUT_WR), 0);
		enum tls_result r = tls_accept(p.server);
		assert_true(r == TLS_FAILED || r == TLS_EOF);
		if (cases[i].why != NULL)
			assert_string_equal(tls_failure(p.server),
					    cases[i].why);
		tls_pair_close(&p);
	}
	tls_context_free(&c);
}

static void
renegotiation_is_refused(void **state)
{
	struct tls_context *c = load_default(12);
	struct tls_pair p;
	char byte;
	size_t n;
	(void)state;

	tls_pair_open(&p, c, false);
	SSL_set_max_proto_version(p.client, TLS1_2_VERSION);
	assert_int_equal(tls_pair_shake(&p), TLS_OK);
	assert_int_equal(SSL_renegotiate(p.client), 1);
	SSL_do_handshake(p.client);
	enum tls_result r = tls_read(p.server, &byte, 1, &n);
	assert_true(r == TLS_WANTS_READ || r == TLS_FAILED);
	assert_true(SSL_do_handshake(p.client) <= 0);
	assert_int_equal(SSL_get_error(p.client, -1), SSL_ERROR_SSL);
	tls_pair_close(&p);
	tls_context_free(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_are_negotiated),
		cmocka_unit_test(old_ciphers_are_refused),
		cmocka_unit_test(bytes_go_both_ways_at_any_size),
		cmocka_unit_test(what_was_read_ahead_is_told),
		cmocka_unit_test(records_may_arrive_byte_by_byte),
		cmocka_unit_test(a_connection_ends_in_each_way),
		cmocka_unit_test(memory_is_told_as_it_is_held),
		cmocka_unit_test(we_say_goodbye_with_close_notify),
		cmocka_unit_test(what_is_no_handshake_fails_with_a_reason),
		cmocka_unit_test(renegotiation_is_refused),
	};

	return cmocka_run_group_tests(tests, tls_fixture_make,
				      tls_fixture_remove);
}
