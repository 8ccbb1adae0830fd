/* SPDX-License-Identifier: GPL-3.0-or-later */
/* OpenSSL's methods of a key, with the private one asked for. These are the
 * old ones, which it calls deprecated: a provider would be a dozen functions
 * more, and would offer itself to whoever fetches "RSA" in this process, as
 * the database's library does. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "net/remote_key.h"

#include "base/memory.h"
#include "base/view.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct remote_key {
	struct signing_client *client;
	uint32_t number;
};

/* False where there is no signature to be had. */
static bool
sign(const struct remote_key *key, int padding, struct view bytes,
     struct signing_message *answer)
{
	struct signing_message question;

	assert(key != NULL);
	question.request = SIGNING_SIGN;
	question.key = key->number;
	question.padding = padding;
	question.len = (uint32_t)bytes.len;
	if (bytes.len > sizeof(question.bytes))
		return false;
	memcpy(question.bytes, bytes.at, bytes.len);
	return signing_ask(key->client, &question, answer);
}

/* How many bytes of it went to out; 0 where it is too long. */
static size_t
take(const struct signing_message *answer, unsigned char *out, size_t room)
{
	if (answer->len > room)
		return 0;
	memcpy(out, answer->bytes, answer->len);
	return answer->len;
}

/* The shape of these functions is OpenSSL's. */
static void
/* NOLINTNEXTLINE(readability-function-size) */
free_remote(void *parent, void *remote, CRYPTO_EX_DATA *data, int index,
	    long argl, void *argp)
{
	(void)parent;
	(void)data;
	(void)index;
	(void)argl;
	(void)argp;
	free(remote);
}

/* Where OpenSSL's objects keep the struct, and what they do with it; made
 * once in a process, and kept. */
static struct {
	bool is_made;
	int of_rsa, of_ec, of_pkey;
	RSA_METHOD *rsa;
	EC_KEY_METHOD *ec;
	int (*ed_sign)(EVP_MD_CTX *, unsigned char *, size_t *,
		       const unsigned char *, size_t);
} methods;

/* ---- RSA ----------------------------------------------------------------- */

static int
/* NOLINTNEXTLINE(readability-function-size) */
rsa_encrypt(int len, const unsigned char *from, unsigned char *to, RSA *rsa,
	    int padding)
{
	const struct view bytes = { (const char *)from, (size_t)len };
	struct signing_message answer;

	if (!sign(RSA_get_ex_data(rsa, methods.of_rsa), padding, bytes,
		  &answer))
		return -1;
	size_t taken = take(&answer, to, (size_t)RSA_size(rsa));
	return taken > 0 ? (int)taken : -1;
}

static EVP_PKEY *
new_rsa(EVP_PKEY *public_half, struct remote_key *remote)
{
	EVP_PKEY *key = EVP_PKEY_new();
	const RSA *other = EVP_PKEY_get0_RSA(public_half);
	RSA *rsa = other != NULL ? RSAPublicKey_dup(other) : NULL;

	if (key != NULL && rsa != NULL &&
	    RSA_set_method(rsa, methods.rsa) == 1 &&
	    RSA_set_ex_data(rsa, methods.of_rsa, remote) == 1 &&
	    EVP_PKEY_assign_RSA(key, rsa) == 1)
		return key;
	RSA_free(rsa);
	EVP_PKEY_free(key);
	return NULL;
}

/* ---- Elliptic curves ----------------------------------------------------- */

static int
/* NOLINTNEXTLINE(readability-function-size) */
ec_sign(int type, const unsigned char *digest, int len, unsigned char *out,
	unsigned *len_out, const BIGNUM *kinv, const BIGNUM *r, EC_KEY *ec)
{
	(void)type;
	(void)kinv;
	(void)r;
	const struct view bytes = { (const char *)digest, (size_t)len };
	struct signing_message answer;

	if (!sign(EC_KEY_get_ex_data(ec, methods.of_ec), 0, bytes, &answer))
		return 0;
	*len_out = (unsigned)take(&answer, out, (size_t)ECDSA_size(ec));
	return *len_out > 0;
}

static EVP_PKEY *
new_ec(EVP_PKEY *public_half, struct remote_key *remote)
{
	EVP_PKEY *key = EVP_PKEY_new();
	const EC_KEY *other = EVP_PKEY_get0_EC_KEY(public_half);
	EC_KEY *ec = other != NULL ? EC_KEY_dup(other) : NULL;

	if (key != NULL && ec != NULL &&
	    EC_KEY_set_method(ec, methods.ec) == 1 &&
	    EC_KEY_set_ex_data(ec, methods.of_ec, remote) == 1 &&
	    EVP_PKEY_assign_EC_KEY(key, ec) == 1)
		return key;
	EC_KEY_free(ec);
	EVP_PKEY_free(key);
	return NULL;
}

/* ---- Ed25519 ------------------------------------------------------------- */

/* This kind has methods for all its keys: one that is not remote signs as it
 * did, in the signer for one. */
static int
/* NOLINTNEXTLINE(readability-function-size) */
ed_sign(EVP_MD_CTX *context, unsigned char *out, size_t *len,
	const unsigned char *bytes, size_t count)
{
	EVP_PKEY *key =
		EVP_PKEY_CTX_get0_pkey(EVP_MD_CTX_get_pkey_ctx(context));
	const struct remote_key *remote =
		EVP_PKEY_get_ex_data(key, methods.of_pkey);

	if (remote == NULL)
		return methods.ed_sign(context, out, len, bytes, count);
	if (out == NULL) {
		*len = (size_t)EVP_PKEY_get_size(key);
		return 1;
	}
	const struct view text = { (const char *)bytes, count };
	struct signing_message answer;
	if (!sign(remote, 0, text, &answer))
		return 0;
	*len = take(&answer, out, *len);
	return *len > 0;
}

/* ---- All kinds ----------------------------------------------------------- */

static bool
make_methods(void)
{
	const EVP_PKEY_METHOD *own = EVP_PKEY_meth_find(EVP_PKEY_ED25519);
	EVP_PKEY_METHOD *ed;

	if (methods.is_made)
		return true;
	methods.of_rsa = RSA_get_ex_new_index(0, NULL, NULL, NULL,
					      free_remote);
	methods.of_ec = EC_KEY_get_ex_new_index(0, NULL, NULL, NULL,
						free_remote);
	methods.of_pkey = EVP_PKEY_get_ex_new_index(0, NULL, NULL, NULL,
						    free_remote);
	methods.rsa = RSA_meth_dup(RSA_PKCS1_OpenSSL());
	methods.ec = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
	if (methods.rsa == NULL || methods.ec == NULL ||
	    RSA_meth_set_priv_enc(methods.rsa, rsa_encrypt) != 1)
		return false;
	EC_KEY_METHOD_set_sign(methods.ec, ec_sign, NULL, NULL);
	ed = EVP_PKEY_meth_new(EVP_PKEY_ED25519, EVP_PKEY_FLAG_SIGCTX_CUSTOM);
	if (own == NULL || ed == NULL)
		return false;
	EVP_PKEY_meth_copy(ed, own);
	EVP_PKEY_meth_get_digestsign(own, &methods.ed_sign);
	EVP_PKEY_meth_set_digestsign(ed, ed_sign);
	methods.is_made = EVP_PKEY_meth_add0(ed) == 1;
	return methods.is_made;
}

EVP_PKEY *
remote_key_new(EVP_PKEY *public_half, struct signing_client *c,
	       uint32_t number)
{
	EVP_PKEY *key = NULL;

	if (!make_methods())
		return NULL;
	struct remote_key *remote = memory_new(1, sizeof(*remote));
	*remote = (struct remote_key){ c, number };
	switch (EVP_PKEY_get_base_id(public_half)) {
	case EVP_PKEY_RSA:
		key = new_rsa(public_half, remote);
		break;
	case EVP_PKEY_EC:
		key = new_ec(public_half, remote);
		break;
	case EVP_PKEY_ED25519:
		key = EVP_PKEY_dup(public_half);
		if (key != NULL && EVP_PKEY_set_ex_data(
			    key, methods.of_pkey, remote) != 1) {
			EVP_PKEY_free(key);
			key = NULL;
		}
		break;
	default:
		free(remote);
		break;
	}
	return key;
}
