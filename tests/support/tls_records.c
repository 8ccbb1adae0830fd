/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/tls_records.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <string.h>
#include <sys/socket.h>

/* RFC 5246 6.3: client's key, server's key, client's salt, server's salt. */
void
tls_records_begin(struct tls_records *r, SSL *client)
{
	unsigned char master[48], seed[2 * SSL3_RANDOM_SIZE], block[40];
	char label[] = "key expansion", digest[] = "SHA256";
	SSL_SESSION *session = SSL_get_session(client);
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
	EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);

	assert(SSL_SESSION_get_master_key(session, master, sizeof(master)) ==
	       sizeof(master));
	SSL_get_server_random(client, seed, SSL3_RANDOM_SIZE);
	SSL_get_client_random(client, seed + SSL3_RANDOM_SIZE,
			      SSL3_RANDOM_SIZE);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest,
						 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET,
						  master, sizeof(master)),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, label,
						  sizeof(label) - 1),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed,
						  sizeof(seed)),
		OSSL_PARAM_construct_end(),
	};
	int rc = EVP_KDF_derive(context, block, sizeof(block), params);
	assert(rc == 1);
	memcpy(r->key, block, sizeof(r->key));
	memcpy(r->salt, block + 32, sizeof(r->salt));
	/* Its Finished was record 0. */
	r->sequence = 1;
	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
}

/* RFC 5288 3 and RFC 5246 6.2.3.3. */
int
tls_records_send(struct tls_records *r, int fd, unsigned char type,
		 const void *bytes, size_t len)
{
	unsigned char nonce[12], covered[13], out[5 + 8 + 64 + 16];
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n = 0;

	assert(len <= 64);
	memcpy(nonce, r->salt, 4);
	for (int i = 0; i < 8; i++)
		nonce[4 + i] = covered[i] =
			(unsigned char)(r->sequence >> (56 - 8 * i));
	covered[8] = type;
	covered[9] = 3;
	covered[10] = 3;
	covered[11] = 0;
	covered[12] = (unsigned char)len;
	memcpy(out, covered + 8, 3);
	out[3] = 0;
	out[4] = (unsigned char)(8 + len + 16);
	memcpy(out + 5, nonce + 4, 8);
	int rc = EVP_EncryptInit_ex(c, EVP_aes_128_gcm(), NULL, r->key, nonce);
	assert(rc == 1);
	EVP_EncryptUpdate(c, NULL, &n, covered, sizeof(covered));
	EVP_EncryptUpdate(c, out + 13, &n, bytes, (int)len);
	EVP_EncryptFinal_ex(c, out + 13 + len, &n);
	EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, out + 13 + len);
	EVP_CIPHER_CTX_free(c);
	r->sequence++;
	size_t whole = 13 + len + 16;
	return send(fd, out, whole, MSG_NOSIGNAL) == (ssize_t)whole;
}
