/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages of TLS that bring no data: 32 are taken in the handshake, 32
 * behind it, however many come at once. */
#include "net/tls.h"

#include "support/tls_fixture.h"
#include "support/tls_records.h"

#include <sys/ioctl.h>

enum { MOST = 32 };

static const char why[] = "too many TLS messages without data";

static struct tls_context *
open_pair(struct tls_pair *p, int version)
{
	struct certificate_settings one = { .name = "",
					    .certificate = files.cert,
					    .key = files.key };
	struct tls_context *c = load(&one, 1, 12);

	tls_pair_open(p, c, false);
	SSL_set_max_proto_version(p->client, version);
	SSL_set_cipher_list(p->client, TLS_RECORDS_CIPHER);
	return c;
}

static void
send_update(struct tls_pair *p)
{
	assert_int_equal(SSL_key_update(p->client,
					SSL_KEY_UPDATE_NOT_REQUESTED), 1);
	assert_int_equal(SSL_do_handshake(p->client), 1);
}

static enum tls_result
read_one(struct tls_pair *p)
{
	char byte;
	size_t len = 0;

	return tls_read(p->server, &byte, 1, &len);
}

static int
unread(int fd)
{
	int bytes = 0;

	assert_int_equal(ioctl(fd, FIONREAD, &bytes), 0);
	return bytes;
}

static void
close_pair(struct tls_pair *p, struct tls_context *c)
{
	tls_pair_close(p);
	tls_context_free(&c);
}

static void
the_33rd_key_update_is_the_last(void **state)
{
	struct tls_pair p;
	struct tls_context *c = open_pair(&p, TLS1_3_VERSION);
	size_t sent = 0;
	(void)state;

	assert_int_equal(tls_pair_shake(&p), TLS_OK);
	for (int i = 0; i < MOST; i++) {
		send_update(&p);
		assert_int_equal(read_one(&p), TLS_WANTS_READ);
		/* Data between them pays for none. */
		assert_int_equal(SSL_write_ex(p.client, "x", 1, &sent), 1);
		assert_int_equal(read_one(&p), TLS_OK);
	}
	send_update(&p);
	assert_int_equal(read_one(&p), TLS_FAILED);
	assert_string_equal(tls_failure(p.server), why);
	assert_int_equal(read_one(&p), TLS_FAILED);
	close_pair(&p, c);
}

static void
key_updates_that_come_at_once_are_counted(void **state)
{
	struct tls_pair p;
	struct tls_context *c = open_pair(&p, TLS1_3_VERSION);
	(void)state;

	assert_int_equal(tls_pair_shake(&p), TLS_OK);
	assert_int_equal(read_one(&p), TLS_WANTS_READ);
	for (int i = 0; i < MOST; i++)
		send_update(&p);
	assert_int_equal(read_one(&p), TLS_WANTS_READ);
	assert_int_equal(unread(p.server_fd), 0);
	assert_false(tls_has_pending(p.server));
	for (int i = 0; i < 100; i++)
		send_update(&p);
	assert_int_equal(read_one(&p), TLS_FAILED);
	assert_string_equal(tls_failure(p.server), why);
	close_pair(&p, c);
}

/* OpenSSL answers each with an alert. */
static void
the_33rd_client_hello_is_the_last(void **state)
{
	static const unsigned char hello[] = { 1, 0, 0, 0 };
	struct tls_records records;
	struct tls_pair p;
	struct tls_context *c = open_pair(&p, TLS1_2_VERSION);
	(void)state;

	assert_int_equal(tls_pair_shake(&p), TLS_OK);
	tls_records_begin(&records, p.client);
	for (int i = 0; i < MOST; i++)
		assert_true(tls_records_send(&records, p.client_fd, 22, hello,
					     sizeof(hello)));
	do
		assert_int_equal(read_one(&p), TLS_WANTS_READ);
	while (unread(p.server_fd) > 0 || tls_has_pending(p.server));
	int answered = unread(p.client_fd);
	for (int i = 0; i < 100; i++)
		assert_true(tls_records_send(&records, p.client_fd, 22, hello,
					     sizeof(hello)));
	assert_int_equal(read_one(&p), TLS_FAILED);
	assert_string_equal(tls_failure(p.server), why);
	/* The others have no answer, although they were read with it. */
	assert_in_range(unread(p.client_fd), answered,
			answered + answered / MOST);
	close_pair(&p, c);
}

/* RFC 8446 5: a ChangeCipherSpec within the handshake means nothing. The
 * ClientHello is the first of the 32. */
static void
a_handshake_has_32_records(void **state)
{
	static const char empty[] = "\x14\x03\x03\x00\x01\x01";
	struct tls_pair p;
	struct tls_context *c = open_pair(&p, TLS1_3_VERSION);
	(void)state;

	assert_int_equal(SSL_do_handshake(p.client), -1);
	assert_int_equal(tls_accept(p.server), TLS_WANTS_READ);
	for (int i = 1; i < MOST; i++) {
		assert_int_equal(write(p.client_fd, empty, 6), 6);
		assert_int_equal(tls_accept(p.server), TLS_WANTS_READ);
	}
	for (int i = 0; i < 100; i++)
		assert_int_equal(write(p.client_fd, empty, 6), 6);
	assert_int_equal(tls_accept(p.server), TLS_FAILED);
	assert_string_equal(tls_failure(p.server), why);
	assert_int_equal(tls_accept(p.server), TLS_FAILED);
	close_pair(&p, c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_33rd_key_update_is_the_last),
		cmocka_unit_test(key_updates_that_come_at_once_are_counted),
		cmocka_unit_test(the_33rd_client_hello_is_the_last),
		cmocka_unit_test(a_handshake_has_32_records),
	};

	return cmocka_run_group_tests(tests, tls_fixture_make,
				      tls_fixture_remove);
}
