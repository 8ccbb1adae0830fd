/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a TLS context knows: which certificate for which name and client,
 * when the first ends, and each fault at loading. */
#include "net/tls_context.h"

#include "base/memory.h"
#include "support/tls_fixture.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { DAY = 24 * 3600 };

static void
the_name_asked_for_chooses_the_certificate(void **state)
{
	struct certificate_settings three[] = {
		{ "", files.cert, files.key },
		{ "mail.example.net", files.other_cert, files.other_key },
		{ "*.B\303\274cher.example", files.third_cert,
		  files.third_key },
	};
	static const struct { const char *asked, *common_name; } cases[] = {
		{ NULL, "default" }, { "unknown.example", "default" },
		{ "mail.example.net", "other" },
		{ "MAIL.example.NET", "other" },
		{ "x.mail.example.net", "default" },
		{ "mx.xn--bcher-kva.example", "third" },
		{ "xn--bcher-kva.example", "default" },
		{ "a.b.xn--bcher-kva.example", "default" },
		{ ".xn--bcher-kva.example", "third" },
	};
	struct tls_context *c = load(three, 3, 12);
	(void)state;

	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		struct tls_pair p;
		tls_pair_open(&p, c, false);
		SSL_set_max_proto_version(p.client, i % 2 ? TLS1_2_VERSION
							  : TLS1_3_VERSION);
		if (cases[i / 2].asked != NULL)
			SSL_set_tlsext_host_name(p.client, cases[i / 2].asked);
		assert_int_equal(tls_pair_shake(&p), TLS_OK);
		char name[64] = "";
		tls_peer_common_name(&p, name, sizeof(name));
		assert_string_equal(name, cases[i / 2].common_name);
		tls_pair_close(&p);
	}
	tls_context_free(&c);
}

/* Of RSA and ECDSA, whichever comes first. */
static void
a_pair_serves_what_the_client_can(void **state)
{
	static const struct {
		int version;
		const char *ciphers, *algorithms, *name;
	} cases[] = {
		{ TLS1_3_VERSION, NULL, NULL, "default" },
		{ TLS1_3_VERSION, NULL, "rsa_pss_rsae_sha256", "rsa" },
		{ TLS1_2_VERSION, NULL, NULL, "default" },
		{ TLS1_2_VERSION, "ECDHE-RSA-AES128-GCM-SHA256", NULL, "rsa" },
	};
	(void)state;

	tls_write_pair(files.missing, EVP_RSA_gen(2048), "rsa");
	struct certificate_settings pair[] = {
		{ "", files.cert, files.key },
		{ "", files.missing, files.missing },
		{ "", files.cert, files.key },
	};
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		struct tls_context *c = load(pair + i % 2, 2, 12);
		struct tls_pair p;
		char name[64];
		tls_pair_open(&p, c, false);
		SSL_set_max_proto_version(p.client, cases[i / 2].version);
		if (cases[i / 2].ciphers != NULL)
			SSL_set_cipher_list(p.client, cases[i / 2].ciphers);
		if (cases[i / 2].algorithms != NULL)
			SSL_set1_sigalgs_list(p.client,
					      cases[i / 2].algorithms);
		assert_int_equal(tls_pair_shake(&p), TLS_OK);
		tls_peer_common_name(&p, name, sizeof(name));
		assert_string_equal(name, cases[i / 2].name);
		tls_pair_close(&p);
		tls_context_free(&c);
	}
	unlink(files.missing);
}

static void
two_of_a_kind_are_no_pair(void **state)
{
	struct certificate_settings two[] = {
		{ "", files.cert, files.key },
		{ "", files.other_cert, files.other_key } };
	struct net_settings settings = { .certificates = two,
		.certificate_count = 2, .tls_min_version = 12 };
	char why[512];
	(void)state;

	assert_null(tls_context_with_keys(&settings, why, sizeof(why)));
	assert_memory_equal(why, files.other_cert, strlen(files.other_cert));
	assert_non_null(strstr(why, "the same kind"));
}

/* ---- Certificates ------------------------------------------------------- */

static void
each_fault_of_a_certificate_is_told(void **state)
{
	const struct {
		const char *certificate, *key, *file, *sentence;
	} cases[] = {
		{ files.missing, files.key, files.missing,
		  "No such file or directory" },
		{ files.cert, files.missing, files.missing,
		  "No such file or directory" },
		{ files.key, files.key, files.key,
		  "holds no certificate in PEM form" },
		{ files.cert, files.cert, files.cert,
		  "a key that everyone can read is no secret" },
		{ files.cert, files.empty, files.empty,
		  "holds no private key in PEM form" },
		{ files.empty, files.key, files.empty,
		  "holds no certificate in PEM form" },
		{ files.cert, files.other_key, files.other_key,
		  "this key does not belong to the certificate in " },
		{ files.cert, files.encrypted_key, files.encrypted_key,
		  "the key is encrypted" },
		{ files.cert, files.damaged_key, files.damaged_key,
		  "its private key is damaged" },
		{ files.damaged_cert, files.key, files.damaged_cert,
		  "its certificate is damaged" },
		{ files.damaged_chain, files.key, files.damaged_chain,
		  "its chain is damaged" },
		{ files.weak_cert, files.weak_key, files.weak_cert,
		  "ee key too small" },
		{ files.directory, files.key, files.directory, "" },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct certificate_settings s = {
			"", cases[i].certificate, cases[i].key
		};
		char why[512] = "", expected[512];
		snprintf(expected, sizeof(expected), "%s: %s", cases[i].file,
			 cases[i].sentence);
		assert_false(tls_check_certificate(&s, why, sizeof(why)));
		if (strncmp(why, expected, strlen(expected)) != 0)
			fail_msg("\"%s\" is not \"%s\"", why, expected);
		assert_int_equal(ERR_peek_error(), 0);
	}
}

static void
a_name_that_is_none_is_told(void **state)
{
	struct certificate_settings s = { "a b", files.cert, files.key };
	char why[512] = "";
	(void)state;

	assert_false(tls_check_certificate(&s, why, sizeof(why)));
	assert_string_equal(why, "a b: is no domain name");
}

/* Root may read everything: the check is made as another. */
static void
an_unreadable_key_is_told_with_what_helps(void **state)
{
	struct certificate_settings s = { "", files.cert, files.key };
	int status;
	(void)state;

	pid_t pid = fork();
	if (pid == 0) {
		char why[512] = "";
		chmod(files.directory, 0755);
		chmod(files.key, 0);
		if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
			_exit(3);
		if (tls_check_certificate(&s, why, sizeof(why)))
			_exit(1);
		_exit(strstr(why, "chgrp") && strstr(why, "chmod 0640")
		      ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	chmod(files.key, 0600);
	assert_int_equal(status, 0);
}

static void
certificate_and_key_may_share_a_file(void **state)
{
	struct certificate_settings s = { "", files.both, "" };
	struct tls_context *c = load(&s, 1, 12);
	struct tls_pair p;
	(void)state;

	tls_pair_open(&p, c, false);
	assert_int_equal(tls_pair_shake(&p), TLS_OK);
	tls_pair_close(&p);
	tls_context_free(&c);
}

static void
the_end_of_each_is_known(void **state)
{
	struct certificate_settings two[] = {
		{ "", files.cert, files.key },
		{ "mail.example.net", files.other_cert, files.other_key },
	};
	struct certificate_settings expired = { "", files.expired_cert,
						files.key };
	struct certificate_end end;
	(void)state;

	/* The default lives 30 days, the other 10. */
	struct tls_context *c = load(two, 2, 12);
	assert_true(tls_context_certificate(c, 0, &end));
	assert_string_equal(end.name, "");
	assert_string_equal(end.file, files.cert);
	assert_in_range(end.end_s - time(NULL), 30 * DAY - 100, 30 * DAY);
	assert_true(tls_context_certificate(c, 1, &end));
	assert_string_equal(end.name, "mail.example.net");
	assert_string_equal(end.file, files.other_cert);
	assert_in_range(end.end_s - time(NULL), 10 * DAY - 100, 10 * DAY);
	assert_false(tls_context_certificate(c, 2, &end));
	tls_context_free(&c);

	/* An expired one is served: that is for the log to say. */
	c = load(&expired, 1, 12);
	assert_true(tls_context_certificate(c, 0, &end));
	assert_true(end.end_s < time(NULL));
	tls_context_free(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_name_asked_for_chooses_the_certificate),
		cmocka_unit_test(a_pair_serves_what_the_client_can),
		cmocka_unit_test(two_of_a_kind_are_no_pair),
		cmocka_unit_test(each_fault_of_a_certificate_is_told),
		cmocka_unit_test(a_name_that_is_none_is_told),
		cmocka_unit_test(an_unreadable_key_is_told_with_what_helps),
		cmocka_unit_test(certificate_and_key_may_share_a_file),
		cmocka_unit_test(the_end_of_each_is_known),
	};

	return cmocka_run_group_tests(tests, tls_fixture_make,
				      tls_fixture_remove);
}
