/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of session tickets (RFC 5077, RFC 8446 4.6.1). OpenSSL would keep
 * one set for the life of the context, which here may be months.
 *
 * Each period has a secret, which gives its keys and the secret of the next
 * period by a one-way function. Periods are told by the monotonic clock, so
 * that all processes of a generation turn at the same moment. Where machines
 * share a file, its secret gives the keys of any period, told by the wall. */
#include "net/ticket_keys.h"

#include "base/clock.h"
#include "base/in_child.h"
#include "base/memory.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	PERIOD_MS = 6 * 3600 * 1000,    /* longer than a ticket lives */
	SECRET_LEN = 32,                /* of SHA-256 */
	NAME_LEN = 16,                  /* as OpenSSL wants it */
	IV_LEN = 16,
	FILE_MIN = 32,                  /* octets that a shared file must and */
	FILE_MAX = 4096                 /* may have */
};

struct key_set {
	unsigned char name[SECRET_LEN]; /* NAME_LEN of it are used */
	unsigned char cipher[SECRET_LEN];
	unsigned char mac[SECRET_LEN];
};

struct ticket_keys {
	int64_t period;                 /* whose keys now is */
	bool is_shared;                 /* secret is a file's, and stays */
	unsigned char secret[SECRET_LEN];       /* of the period */
	struct key_set now;
	struct key_set before;
	struct signing_client *signer;  /* who has the secret; NULL: we */
	int64_t until_ms;               /* so long those of the signer hold */
	int kept_in;                    /* file of the signer after us; -1 */
};

/* What the signer gives to those who make and read tickets. */
struct handed_keys {
	int64_t left_ms;                /* until it has other ones */
	struct key_set now;
	struct key_set before;
};

/* Of size bytes of secret SECRET_LEN others; out may be the secret itself. */
static void
derive(const unsigned char *secret, size_t size, const char *label,
       unsigned char *out)
{
	unsigned char mac[SECRET_LEN];
	unsigned len = 0;

	const unsigned char *done = HMAC(EVP_sha256(), secret, (int)size,
					 (const unsigned char *)label,
					 strlen(label), mac, &len);
	assert(done != NULL && len == SECRET_LEN);
	memcpy(out, mac, sizeof(mac));
	OPENSSL_cleanse(mac, sizeof(mac));
}

static void
derive_set(const unsigned char *secret, struct key_set *out)
{
	derive(secret, SECRET_LEN, "name", out->name);
	derive(secret, SECRET_LEN, "cipher", out->cipher);
	derive(secret, SECRET_LEN, "mac", out->mac);
}

/* The keys of any period of a shared secret. */
static void
derive_shared(const struct ticket_keys *k, int64_t period, struct key_set *out)
{
	unsigned char secret[SECRET_LEN];
	char label[32];

	snprintf(label, sizeof(label), "period %" PRId64, period);
	derive(k->secret, SECRET_LEN, label, secret);
	derive_set(secret, out);
	OPENSSL_cleanse(secret, sizeof(secret));
}

/* Milliseconds. */
static int64_t
clock_of(const struct ticket_keys *k)
{
	return k->is_shared ? clock_wall_us() / 1000 : clock_ms();
}

/* The file's octets into out; how many, or 0 with the reason in why. */
static size_t
read_secret(const char *file, unsigned char out[FILE_MAX], char *why,
	    size_t size)
{
	FILE *f = fopen(file, "re");
	struct stat st;

	if (f == NULL) {
		snprintf(why, size, "%s: %s", file, strerror(errno));
		return 0;
	}
	setvbuf(f, NULL, _IONBF, 0);
	bool is_open = fstat(fileno(f), &st) == 0 &&
		       (st.st_mode & S_IROTH) != 0;
	size_t len = is_open ? 0 : fread(out, 1, FILE_MAX, f);
	fclose(f);
	if (len >= FILE_MIN)
		return len;
	snprintf(why, size, "%s: %s", file, is_open
		 ? "keys that everyone can read are no secret: 'chmod 0640' it"
		 : "needs 32 random octets at least: 'openssl rand -out "
		   "FILE 80'");
	OPENSSL_cleanse(out, len);
	return 0;
}

struct ticket_keys *
ticket_keys_new(const char *file, char *why, size_t size)
{
	struct ticket_keys *k = memory_new(1, sizeof(*k));
	unsigned char octets[FILE_MAX];

	k->kept_in = -1;
	if (file != NULL && file[0] != '\0') {
		size_t read = read_secret(file, octets, why, size);
		if (read == 0) {
			ticket_keys_free(&k);
			return NULL;
		}
		derive(octets, read, "guerrilla-smtpd session tickets",
		       k->secret);
		OPENSSL_cleanse(octets, sizeof(octets));
		k->is_shared = true;
		k->period = -1;
		ticket_keys_turn(k);
		return k;
	}
	if (RAND_priv_bytes(k->secret, sizeof(k->secret)) != 1) {
		snprintf(why, size, "session tickets: no randomness for their "
			 "keys");
		ticket_keys_free(&k);
		return NULL;
	}
	k->period = clock_of(k) / PERIOD_MS;
	derive_set(k->secret, &k->now);
	/* No tickets of a period before: keys that nobody has. */
	derive(k->secret, SECRET_LEN, "no name", k->before.name);
	return k;
}

static bool
check(const void *file, char *why, size_t size)
{
	struct ticket_keys *k = ticket_keys_new(file, why, size);
	bool is_fine = k != NULL;

	ticket_keys_free(&k);
	return is_fine;
}

bool
ticket_keys_check(const char *file, char *why, size_t size)
{
	return in_child(check, file, why, size);
}

struct ticket_keys *
ticket_keys_new_remote(struct signing_client *signer)
{
	struct ticket_keys *k = memory_new(1, sizeof(*k));

	k->kept_in = -1;
	k->signer = signer;
	return k;
}

/* Two signers that turn at one moment write the same. */
static void
keep(const struct ticket_keys *k)
{
	ssize_t ignored = k->kept_in < 0
		? 0 : pwrite(k->kept_in, k, sizeof(*k), 0);

	(void)ignored;
}

void
ticket_keys_keep_in(struct ticket_keys *k, int fd)
{
	struct ticket_keys kept;

	if (k->is_shared)
		return;
	if (pread(fd, &kept, sizeof(kept), 0) == (ssize_t)sizeof(kept))
		*k = kept;
	k->kept_in = fd;
	OPENSSL_cleanse(&kept, sizeof(kept));
	ticket_keys_turn(k);
	keep(k);
}

void
ticket_keys_free(struct ticket_keys **k)
{
	if (*k == NULL)
		return;
	OPENSSL_cleanse(*k, sizeof(**k));
	free(*k);
	*k = NULL;
}

/* Those of before hold while the signer does not answer. */
static void
fetch(struct ticket_keys *k)
{
	struct signing_message question = { .request = SIGNING_TICKET_KEYS };
	struct signing_message answer;
	struct handed_keys handed;

	if (clock_ms() < k->until_ms ||
	    !signing_ask(k->signer, &question, &answer) ||
	    answer.len != sizeof(handed))
		return;
	memcpy(&handed, answer.bytes, sizeof(handed));
	k->now = handed.now;
	k->before = handed.before;
	k->until_ms = clock_ms() + handed.left_ms;
	OPENSSL_cleanse(&handed, sizeof(handed));
	OPENSSL_cleanse(answer.bytes, answer.len);
}

size_t
ticket_keys_export(struct ticket_keys *k, unsigned char *out)
{
	struct handed_keys handed;

	ticket_keys_turn(k);
	handed = (struct handed_keys){
		PERIOD_MS - clock_of(k) % PERIOD_MS, k->now, k->before
	};
	memcpy(out, &handed, sizeof(handed));
	OPENSSL_cleanse(&handed, sizeof(handed));
	return sizeof(handed);
}

void
ticket_keys_turn(struct ticket_keys *k)
{
	int64_t period = clock_of(k) / PERIOD_MS;

	if (k->signer != NULL) {
		fetch(k);
		return;
	}
	if (k->period == period)
		return;
	if (k->is_shared) {
		derive_shared(k, period, &k->now);
		derive_shared(k, period - 1, &k->before);
		k->period = period;
	}
	while (k->period < period) {
		k->before = k->now;
		derive(k->secret, SECRET_LEN, "next", k->secret);
		derive_set(k->secret, &k->now);
		k->period++;
	}
	keep(k);
}

static bool
set_mac(EVP_MAC_CTX *mac, const struct key_set *keys)
{
	char digest[] = "sha256";
	OSSL_PARAM params[] = {
		/* It is only read. */
		OSSL_PARAM_construct_octet_string(
			OSSL_MAC_PARAM_KEY, (void *)(uintptr_t)keys->mac,
			sizeof(keys->mac)),
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
						 digest, 0),
		OSSL_PARAM_construct_end(),
	};

	return EVP_MAC_CTX_set_params(mac, params) == 1;
}

/* What OpenSSL's callback returns. */
enum { FAULT = -1, NO_SUCH_KEY = 0, GOOD = 1, GOOD_AND_RENEW = 2 };

/* The shape of this function is OpenSSL's. */
static int
/* NOLINTNEXTLINE(readability-function-size) */
on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv,
	  EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int is_new)
{
	struct ticket_keys *k = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	const struct key_set *keys = &k->now;

	ticket_keys_turn(k);
	if (k->signer != NULL && k->until_ms == 0)
		return is_new ? FAULT : NO_SUCH_KEY;
	/* Of a ticket that comes back: those that it says it was made with. */
	if (!is_new && memcmp(name, keys->name, NAME_LEN) != 0) {
		keys = &k->before;
		if (memcmp(name, keys->name, NAME_LEN) != 0)
			return NO_SUCH_KEY;
	}
	if (is_new) {
		memcpy(name, keys->name, NAME_LEN);
		if (RAND_bytes(iv, IV_LEN) != 1)
			return FAULT;
	}
	if (EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, keys->cipher,
			      iv, is_new) != 1 || !set_mac(mac, keys))
		return FAULT;
	/* In TLS 1.3 a ticket is for one use (RFC 8446 C.4). */
	bool is_old = keys != &k->now || SSL_version(ssl) >= TLS1_3_VERSION;
	return is_old && !is_new ? GOOD_AND_RENEW : GOOD;
}

void
ticket_keys_serve(struct ticket_keys *k, SSL_CTX *context, bool is_first)
{
	SSL_CTX_set_app_data(context, k);
	if (is_first)
		SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket);
}
