/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signatures. What is signed is what the worker says: a signer that had the
 * whole handshake would be a second worker. */
#include "net/signing_answer.h"

#include "net/ticket_keys.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <assert.h>
#include <string.h>

void
signing_state_free(struct signing_state *s)
{
	EVP_PKEY_CTX_free(s->context);
	s->context = NULL;
}

/* Returns the signature's length; 0: none. */
static size_t
sign(struct signing_state *s, EVP_PKEY *key, const struct signing_message *m,
     unsigned char out[SIGNING_MOST])
{
	size_t len = SIGNING_MOST;
	bool is_signed = false;

	if (key == NULL || EVP_PKEY_get_size(key) > SIGNING_MOST)
		return 0;
	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519) {
		/* It takes the whole text. */
		EVP_MD_CTX *context = EVP_MD_CTX_new();
		is_signed = context != NULL &&
			EVP_DigestSignInit(context, NULL, NULL, NULL, key) ==
				1 &&
			EVP_DigestSign(context, out, &len, m->bytes, m->len) ==
				1;
		EVP_MD_CTX_free(context);
	} else {
		/* RSA and ECDSA: a digest, or for RSA-PSS the block that holds
		 * it. */
		bool is_ready = s->context != NULL && s->key == m->key &&
				s->padding == m->padding;
		if (!is_ready) {
			signing_state_free(s);
			*s = (struct signing_state){
				EVP_PKEY_CTX_new(key, NULL), m->key, m->padding
			};
			is_ready = s->context != NULL &&
				EVP_PKEY_sign_init(s->context) == 1 &&
				(EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA ||
				 EVP_PKEY_CTX_set_rsa_padding(
					 s->context, m->padding) == 1);
		}
		is_signed = is_ready &&
			EVP_PKEY_sign(s->context, out, &len, m->bytes,
				      m->len) == 1;
		if (!is_signed)
			signing_state_free(s);
	}
	ERR_clear_error();
	assert(len <= SIGNING_MOST);
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
