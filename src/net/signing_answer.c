/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signatures. What is signed is what the worker says: a signer that had the
 * whole handshake would be a second worker. */
#include "net/signing_answer.h"

#include "net/ticket_keys.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <string.h>

/* Ed25519, which takes the whole text. */
static bool
sign_whole(EVP_PKEY *key, const struct signing_message *m, unsigned char *out,
	   size_t *len)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	bool is_signed = context != NULL &&
			 EVP_DigestSignInit(context, NULL, NULL, NULL, key) ==
				 1 &&
			 EVP_DigestSign(context, out, len, m->bytes, m->len) ==
				 1;
	EVP_MD_CTX_free(context);
	return is_signed;
}

void
signing_state_free(struct signing_state *s)
{
	EVP_PKEY_CTX_free(s->context);
	s->context = NULL;
}

static bool
prepare(struct signing_state *s, EVP_PKEY *key,
	const struct signing_message *m)
{
	if (s->context != NULL && s->key == m->key && s->padding == m->padding)
		return true;
	signing_state_free(s);
	*s = (struct signing_state){ EVP_PKEY_CTX_new(key, NULL), m->key,
				     m->padding };
	if (s->context != NULL && EVP_PKEY_sign_init(s->context) == 1 &&
	    (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA ||
	     EVP_PKEY_CTX_set_rsa_padding(s->context, m->padding) == 1))
		return true;
	signing_state_free(s);
	return false;
}

/* RSA and ECDSA: a digest, or for RSA-PSS the block that holds it. */
static bool
sign_digest(struct signing_state *s, const struct signing_message *m,
	    unsigned char *out, size_t *len)
{
	if (EVP_PKEY_sign(s->context, out, len, m->bytes, m->len) == 1)
		return true;
	signing_state_free(s);
	return false;
}

static size_t
sign(struct signing_state *s, EVP_PKEY *key, const struct signing_message *m,
     unsigned char out[SIGNING_MOST])
{
	size_t len = SIGNING_MOST;
	int kind = key != NULL ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE;

	if (key == NULL || EVP_PKEY_get_size(key) > SIGNING_MOST)
		return 0;
	bool is_signed = kind == EVP_PKEY_ED25519
				 ? sign_whole(key, m, out, &len)
				 : prepare(s, key, m) &&
					   sign_digest(s, m, out, &len);
	ERR_clear_error();
	return is_signed ? len : 0;
}

bool
signing_answer(struct tls_context *c, struct signing_state *state,
	       struct signing_message *m, size_t received)
{
	unsigned char out[SIGNING_MOST];
	size_t len = 0;

	if (received < offsetof(struct signing_message, bytes) ||
	    m->len > SIGNING_MOST || received != signing_size(m))
		return false;
	switch (m->request) {
	case SIGNING_SIGN:
		len = sign(state, tls_context_key(c, m->key), m, out);
		break;
	case SIGNING_TICKET_KEYS:
		len = ticket_keys_export(tls_context_ticket_keys(c), out);
		break;
	}
	memcpy(m->bytes, out, len);
	OPENSSL_cleanse(out, len);
	m->len = (uint32_t)len;
	return true;
}
