/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates, and what they change for listeners. */
#include "support/config_certificate.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char text[] =
	"domains = {\"example.com\"}\n"
	"hostname = \"mail.example.com\"\n"
	"tls { certificate = \"a.pem\" key = \"a.key\" min_version = 1.3 }\n"
	"tls_name \"M\xc3\xbcnchen.example\" { certificate = \"b.pem\" "
	"key = \"b.key\" }\n"
	"listen \"127.0.0.1:25\" { }\n"
	"listen \"127.0.0.1:465\" { tls = implicit }\n"
	"listen \"127.0.0.1:26\" { tls = off }\n";

static struct config *
read_good(const struct config_files *f, const char *what)
{
	struct buf faults = BUF(1024 * 1024);
	struct config *c = config_files_read(f, what, &faults);

	if (c == NULL)
		fail_msg("%s", faults.at);
	buf_release(&faults);
	return c;
}

static void
starttls_is_offered_where_there_is_one(void **state)
{
	struct config *c = read_good(*state, text);
	const struct net_settings *net = &c->worker.net;
	char path[PATH_MAX];

	assert_int_equal(net->certificate_count, 2);
	assert_string_equal(net->certificates[0].name, "");
	assert_string_equal(net->certificates[0].key,
			    config_files_path(*state, "a.key", path));
	assert_string_equal(net->certificates[1].name,
			    "xn--mnchen-3ya.example");
	assert_int_equal(net->tls_min_version, 13);
	assert_int_equal(net->listeners[0].tls, LISTEN_STARTTLS);
	assert_int_equal(net->listeners[1].tls, LISTEN_IMPLICIT_TLS);
	assert_int_equal(net->listeners[2].tls, LISTEN_CLEAR);
	assert_int_equal(c->file_count, 5);
	assert_string_equal(c->files[2].key, "tls.key");
	assert_int_equal(c->files[2].mode, 0600);
	config_free(&c);
}

static void
they_are_printed_such_that_they_can_be_read(void **state)
{
	struct buf once = BUF(1024 * 1024);
	struct buf twice = BUF(1024 * 1024);
	struct config *c = read_good(*state, text);

	config_print(c, &once);
	config_free(&c);
	buf_append_byte(&once, '\0');
	assert_non_null(strstr(once.at,
			       "tls_name \"xn--mnchen-3ya.example\" {\n"));
	c = read_good(*state, once.at);
	config_print(c, &twice);
	config_free(&c);
	buf_append_byte(&twice, '\0');
	assert_string_equal(once.at, twice.at);
	buf_release(&once);
	buf_release(&twice);
}

static void
a_pair_has_two_kinds_of_key(void **state)
{
	static const struct { const char *second, *fault; } cases[] = {
		{ "second_certificate = \"b.pem\"",
		  "tls.second_key: missing: certificate and key go together" },
		{ "second_key = \"b.key\"", "tls.second_certificate: missing" },
		{ "second_certificate = \"b.pem\" second_key = \"a.key\"",
		  "tls.second_key: " },
		{ "second_certificate = \"b.pem\" second_key = \"b.key\"",
		  "its key is of the same kind" },
		{ "ticket_keys_file = \"none\"", "tls.ticket_keys_file: " },
		{ "ticket_keys_file = \"a.key\"", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf faults = BUF(1024 * 1024);
		char what[512];
		snprintf(what, sizeof(what),
			 "domains = {\"example.com\"}\n"
			 "hostname = \"mail.example.com\"\n"
			 "tls { certificate = \"a.pem\" key = \"a.key\" %s }\n",
			 cases[i].second);
		struct config *c = config_files_read(*state, what, &faults);
		buf_append_byte(&faults, '\0');
		if ((c == NULL) != (cases[i].fault != NULL) ||
		    (c == NULL && strstr(faults.at, cases[i].fault) == NULL))
			fail_msg("%s: %s", cases[i].second, faults.at);
		config_free(&c);
		buf_release(&faults);
	}
}

static int
make_files(void **state)
{
	static struct config_files files;

	config_files_init(&files);
	config_files_put_certificate(&files, "a.pem", "a.key");
	config_files_put_certificate(&files, "b.pem", "b.key");
	*state = &files;
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starttls_is_offered_where_there_is_one),
		cmocka_unit_test(a_pair_has_two_kinds_of_key),
		cmocka_unit_test(they_are_printed_such_that_they_can_be_read),
	};

	return cmocka_run_group_tests(tests, make_files,
				      config_files_tear_down);
}
