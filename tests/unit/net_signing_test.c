/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A server without keys and a signer that has them, on a pair of sockets. */
#include "net/signing.h"

#include "base/clock.h"
#include "net/signing_answer.h"
#include "net/ticket_keys.h"
#include "support/tls_fixture.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>

#include <cmocka.h>

/* One signer, in a thread. */
struct signer {
	struct tls_context *keys;
	int fd;
	pthread_t thread;
};

static void *
sign_all(void *signer)
{
	const struct signer *s = signer;
	struct signing_state state = { .context = NULL };
	struct signing_message m;
	ssize_t n;

	while ((n = recv(s->fd, &m, sizeof(m), 0)) > 0 &&
	       signing_answer(s->keys, &state, &m, (size_t)n))
		send(s->fd, &m, signing_size(&m), MSG_NOSIGNAL);
	signing_state_free(&state);
	return NULL;
}

static struct net_settings
settings_of(struct certificate_settings *certificates, size_t count)
{
	return (struct net_settings){ .certificates = certificates,
				      .certificate_count = count,
				      .tls_min_version = 12 };
}

/* A context that asks on the other end of the pair. */
static struct tls_context *
load_without_keys(struct certificate_settings *certificates, size_t count,
		  int fd)
{
	struct net_settings settings = settings_of(certificates, count);
	char why[512] = "";
	struct tls_context *c = tls_context_new(&settings, why, sizeof(why));

	if (c == NULL)
		fail_msg("%s", why);
	tls_context_use_signer(c, fd);
	return c;
}

static void
begin(struct signer *s, struct certificate_settings *certificates,
      size_t count, int *asking_end)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	s->keys = load(certificates, count, 12);
	s->fd = ends[0];
	*asking_end = ends[1];
	assert_int_equal(pthread_create(&s->thread, NULL, sign_all, s), 0);
}

static void
end(struct signer *s, int asking_end)
{
	close(asking_end);
	pthread_join(s->thread, NULL);
	close(s->fd);
	tls_context_free(&s->keys);
}

static enum tls_result
shake(struct tls_context *c, int version, const char *algorithms)
{
	struct tls_pair p;

	tls_pair_open(&p, c, false);
	SSL_set_max_proto_version(p.client, version);
	SSL_set1_sigalgs_list(p.client, algorithms);
	enum tls_result r = tls_pair_shake(&p);
	tls_pair_close(&p);
	return r;
}

/* ---- Signatures ---------------------------------------------------------- */

static void
every_kind_of_key_signs_from_afar(void **state)
{
	static const struct { int version; const char *algorithms; } cases[] = {
		{ TLS1_3_VERSION, "ecdsa_secp256r1_sha256" },
		{ TLS1_3_VERSION, "rsa_pss_rsae_sha256" },
		{ TLS1_3_VERSION, "rsa_pss_rsae_sha512" },
		{ TLS1_2_VERSION, "ECDSA+SHA256" },
		{ TLS1_2_VERSION, "RSA+SHA256" },
		{ TLS1_2_VERSION, "rsa_pss_rsae_sha256" },
	};
	struct signer s;
	int fd;
	(void)state;

	tls_write_pair(files.missing, EVP_RSA_gen(2048), "rsa");
	struct certificate_settings pair[] = {
		{ "", files.cert, files.key },
		{ "", files.missing, files.missing },
	};
	begin(&s, pair, 2, &fd);
	struct tls_context *c = load_without_keys(pair, 2, fd);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (shake(c, cases[i].version, cases[i].algorithms) != TLS_OK)
			fail_msg("%s", cases[i].algorithms);
	tls_context_free(&c);
	end(&s, fd);
	unlink(files.missing);
}

static void
ed25519_signs_from_afar_too(void **state)
{
	struct signer s;
	int fd;
	(void)state;

	tls_write_pair(files.missing,
		       EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), "ed");
	struct certificate_settings one = { "", files.missing, files.missing };
	begin(&s, &one, 1, &fd);
	struct tls_context *c = load_without_keys(&one, 1, fd);
	assert_int_equal(shake(c, TLS1_3_VERSION, "ed25519"), TLS_OK);
	assert_int_equal(shake(c, TLS1_2_VERSION, "ed25519"), TLS_OK);
	tls_context_free(&c);
	end(&s, fd);
	unlink(files.missing);
}

/* A context without a signer has nothing that could sign. */
static void
without_a_signer_no_handshake_is_made(void **state)
{
	struct certificate_settings one = { "", files.cert, files.key };
	struct tls_context *c = load_without_keys(&one, 1, -1);
	(void)state;

	assert_int_equal(shake(c, TLS1_3_VERSION, "ecdsa_secp256r1_sha256"),
			 TLS_FAILED);
	tls_context_free(&c);
}

/* ---- A signer that is away ----------------------------------------------- */

static bool
ask(struct signing_client *c)
{
	struct signing_message question = { .request = SIGNING_TICKET_KEYS };
	struct signing_message answer;

	return signing_ask(c, &question, &answer);
}

/* The second question is given up without a wait: the socket is not touched,
 * so that there is nothing to wait for. */
static void
one_that_does_not_answer_is_waited_for_once(void **state)
{
	struct certificate_settings one = { "", files.cert, files.key };
	struct signer s;
	int ends[2];
	(void)state;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	struct signing_client c;
	signing_client_init(&c, ends[1]);
	assert_false(ask(&c));
	assert_true(c.is_away);
	uint64_t given_up = c.number;
	int64_t asked_ms = c.asked_ms;
	assert_false(ask(&c));
	assert_int_equal(c.asked_ms, asked_ms);

	/* Its successor finds what was asked, and then there are answers. */
	s = (struct signer){ .keys = load(&one, 1, 12), .fd = ends[0] };
	assert_int_equal(pthread_create(&s.thread, NULL, sign_all, &s), 0);
	struct pollfd late = { .fd = ends[1], .events = POLLIN };
	assert_int_equal(poll(&late, 1, 20000), 1);
	assert_true(ask(&c));
	assert_false(c.is_away);
	assert_true(c.number > given_up);
	end(&s, ends[1]);
}

/* ---- Hostile questions --------------------------------------------------- */

static void
what_is_no_question_is_not_answered(void **state)
{
	struct certificate_settings one = { "", files.cert, files.key };
	struct tls_context *c = load(&one, 1, 12);
	struct signing_message m = { .request = SIGNING_SIGN, .len = 32 };
	struct signing_state signing = { .context = NULL };
	size_t whole = signing_size(&m);
	(void)state;

	for (size_t n = 0; n < whole; n++)
		assert_false(signing_answer(c, &signing, &m, n));
	assert_false(signing_answer(c, &signing, &m, whole + 1));
	m.len = UINT32_MAX;
	assert_false(signing_answer(c, &signing, &m, whole));
	m.len = SIGNING_MOST + 1;
	assert_false(signing_answer(c, &signing, &m, sizeof(m)));
	/* Questions that are whole are refused by an answer without bytes. */
	const struct signing_message wrong[] = {
		{ .request = SIGNING_SIGN, .key = 1, .len = 32 },
		{ .request = SIGNING_SIGN, .key = UINT32_MAX, .len = 32 },
		{ .request = 77, .len = 32 },
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		m = wrong[i];
		assert_true(signing_answer(c, &signing, &m, signing_size(&m)));
		assert_int_equal(m.len, 0);
	}
	tls_context_free(&c);
}

/* ---- Keys ---------------------------------------------------------------- */

/* The files are others by then, or gone. */
static void
a_successor_has_the_keys_that_were_read_first(void **state)
{
	struct certificate_settings one = { "", files.cert, files.missing };
	struct net_settings settings = settings_of(&one, 1);
	int fd = memfd_create("keys", MFD_CLOEXEC);
	char why[512] = "";
	(void)state;

	assert_int_equal(link(files.key, files.missing), 0);
	struct tls_context *c = tls_context_new(&settings, why, sizeof(why));
	tls_context_keep_keys_in(c, fd);
	assert_true(tls_context_load_keys(c, &settings, why, sizeof(why)));
	tls_context_free(&c);
	unlink(files.missing);

	c = tls_context_new(&settings, why, sizeof(why));
	tls_context_keep_keys_in(c, fd);
	assert_true(tls_context_load_keys(c, &settings, why, sizeof(why)));
	assert_non_null(tls_context_key(c, 0));
	assert_null(tls_context_key(c, 1));
	tls_context_free(&c);
	close(fd);

	c = tls_context_new(&settings, why, sizeof(why));
	assert_false(tls_context_load_keys(c, &settings, why,
					   sizeof(why)));
	assert_non_null(strstr(why, files.missing));
	assert_null(tls_context_key(c, 0));
	tls_context_free(&c);
}

/* One of another certificate is told, and not taken. */
static void
a_key_that_was_changed_is_refused(void **state)
{
	struct certificate_settings one = { "", files.cert, files.key };
	struct certificate_settings other = { "", files.cert,
					      files.other_key };
	struct net_settings settings = settings_of(&one, 1);
	struct net_settings changed = settings_of(&other, 1);
	char why[512] = "";
	(void)state;

	struct tls_context *c = tls_context_new(&settings, why, sizeof(why));
	assert_false(tls_context_load_keys(c, &changed, why, sizeof(why)));
	assert_non_null(strstr(why, "does not belong"));
	tls_context_free(&c);
}

/* ---- Tickets ------------------------------------------------------------- */

static bool
is_resumed(struct tls_context *c, SSL_SESSION **session)
{
	struct tls_pair p;
	char byte;
	size_t n;

	tls_pair_open(&p, c, false);
	if (*session != NULL)
		SSL_set_session(p.client, *session);
	assert_int_equal(tls_pair_shake(&p), TLS_OK);
	/* The ticket comes behind the handshake. */
	assert_int_equal(SSL_read_ex(p.client, &byte, 1, &n), 0);
	bool resumed = SSL_session_reused(p.client);
	SSL_SESSION_free(*session);
	*session = SSL_get1_session(p.client);
	SSL_set_shutdown(p.client, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	tls_pair_close(&p);
	return resumed;
}

/* Two servers without the secret take each other's; and go on with what they
 * were given when nobody answers any more. */
static void
those_of_one_signer_are_good_at_all_who_ask_it(void **state)
{
	struct certificate_settings one = { "", files.cert, files.key };
	struct signer s;
	SSL_SESSION *session = NULL;
	int fd;
	(void)state;

	begin(&s, &one, 1, &fd);
	struct tls_context *a = load_without_keys(&one, 1, fd);
	struct tls_context *b = load_without_keys(&one, 1, fd);
	assert_false(is_resumed(a, &session));
	assert_true(is_resumed(b, &session));
	assert_true(is_resumed(a, &session));
	end(&s, fd);
	assert_true(is_resumed(b, &session));
	SSL_SESSION_free(session);
	tls_context_free(&a);
	tls_context_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_key_signs_from_afar),
		cmocka_unit_test(ed25519_signs_from_afar_too),
		cmocka_unit_test(without_a_signer_no_handshake_is_made),
		cmocka_unit_test(one_that_does_not_answer_is_waited_for_once),
		cmocka_unit_test(what_is_no_question_is_not_answered),
		cmocka_unit_test(a_successor_has_the_keys_that_were_read_first),
		cmocka_unit_test(a_key_that_was_changed_is_refused),
		cmocka_unit_test(
			those_of_one_signer_are_good_at_all_who_ask_it),
	};

	return cmocka_run_group_tests(tests, tls_fixture_make,
				      tls_fixture_remove);
}
