/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates and keys, loaded with our own hands rather than OpenSSL's so
 * that each fault can be told from the others. */
#include "net/certificate.h"

#include "net/remote_key.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

bool
tls_refuse(const struct tls_error *w, const char *file, const char *sentence)
{
	snprintf(w->text, w->size, "%s: %s", file, sentence);
	ERR_clear_error();
	return false;
}

static bool
refuse_unreadable(const struct tls_error *w, const char *file, int error)
{
	const struct group *g = getgrgid(getegid());
	char sentence[256];

	if (error != EACCES)
		return tls_refuse(w, file, strerror(error));
	snprintf(sentence, sizeof(sentence), "not readable by the service: "
		 "'chgrp %s' and 'chmod 0640' it, and let that group enter "
		 "its folders", g != NULL ? g->gr_name : "GROUP");
	return tls_refuse(w, file, sentence);
}

static bool
is_last_of_file(void)
{
	unsigned long e = ERR_peek_last_error();

	return ERR_GET_LIB(e) == ERR_LIB_PEM &&
	       ERR_GET_REASON(e) == PEM_R_NO_START_LINE;
}

/* OpenSSL asks the terminal for a passphrase unless it is given this. */
static int
note_passphrase(char *buf, int size, int writes, void *was_asked)
{
	(void)buf;
	(void)size;
	(void)writes;
	*(bool *)was_asked = true;
	return -1;
}

bool
certificate_load(struct certificate *c, const struct tls_error *w)
{
	FILE *f = fopen(c->file, "re");
	const char *fault = NULL;
	struct tm end;

	if (f == NULL)
		return refuse_unreadable(w, c->file, errno);
	/* The server's own certificate comes first, then those that vouch for
	 * it. */
	X509 *own = PEM_read_X509_AUX(f, NULL, NULL, NULL);
	if (own == NULL) {
		fault = is_last_of_file() ? "holds no certificate in PEM form"
					  : "its certificate is damaged";
	} else {
		c->expires = ASN1_TIME_to_tm(X509_get0_notAfter(own), &end) == 1
			? timegm(&end) : 0;
		c->kind = EVP_PKEY_get_base_id(X509_get0_pubkey(own));
		if (SSL_CTX_use_certificate(c->ssl, own) != 1) {
			fault = ERR_reason_error_string(ERR_peek_last_error());
			if (fault == NULL)
				fault = "its certificate is not usable";
		}
		X509_free(own);
	}
	X509 *next;
	while (fault == NULL &&
	       (next = PEM_read_X509(f, NULL, NULL, NULL)) != NULL)
		if (SSL_CTX_add0_chain_cert(c->ssl, next) != 1) {
			X509_free(next);
			fault = "its chain is not usable";
		}
	if (fault == NULL && !is_last_of_file())
		fault = "its chain is damaged";
	fclose(f);
	if (fault != NULL)
		return tls_refuse(w, c->file, fault);
	ERR_clear_error();
	return true;
}

/* OpenSSL's decoders do not tell "none" from "damaged". */
static bool
mentions_key(FILE *f)
{
	char line[256];

	rewind(f);
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "-----BEGIN ", 11) == 0 &&
		    strstr(line, "PRIVATE KEY-----") != NULL)
			return true;
	return false;
}

/* It is the certificate's from now on. */
static bool
take_key(struct certificate *c, EVP_PKEY *key)
{
	EVP_PKEY_free(c->key);
	c->key = key;
	return SSL_CTX_use_PrivateKey(c->ssl, key) == 1 &&
	       SSL_CTX_check_private_key(c->ssl) == 1;
}

bool
certificate_load_key(struct certificate *c, const char *file,
		     const struct tls_error *w)
{
	FILE *f = fopen(file, "re");
	const char *fault = NULL;
	char sentence[512];
	bool was_asked = false;
	EVP_PKEY *key;
	struct stat st;

	if (f == NULL)
		return refuse_unreadable(w, file, errno);
	if (fstat(fileno(f), &st) == 0 && (st.st_mode & S_IROTH) != 0) {
		fault = "a key that everyone can read is no secret: 'chmod "
			"0640' it";
	} else if ((key = PEM_read_PrivateKey(f, NULL, note_passphrase,
					      &was_asked)) != NULL) {
		if (!take_key(c, key)) {
			snprintf(sentence, sizeof(sentence), "this key does "
				 "not belong to the certificate in %s",
				 c->file);
			fault = sentence;
		}
	} else if (was_asked) {
		fault = "the key is encrypted: store it without a passphrase "
			"('openssl pkey')";
	} else {
		fault = mentions_key(f) ? "its private key is damaged"
					: "holds no private key in PEM form";
	}
	fclose(f);
	return fault == NULL || tls_refuse(w, file, fault);
}

bool
certificate_recall_key(struct certificate *c, FILE *kept)
{
	EVP_PKEY *key = PEM_read_PrivateKey(kept, NULL, NULL, NULL);
	bool is_taken = key != NULL && take_key(c, key);

	ERR_clear_error();
	return is_taken;
}

bool
certificate_keep_key(const struct certificate *c, FILE *kept)
{
	return PEM_write_PrivateKey(kept, c->key, NULL, NULL, 0, NULL, NULL) ==
	       1;
}

bool
certificate_use_signer(struct certificate *c, struct signing_client *signer,
		       uint32_t number, const struct tls_error *w)
{
	EVP_PKEY *public_half =
		X509_get0_pubkey(SSL_CTX_get0_certificate(c->ssl));
	EVP_PKEY *key = remote_key_new(public_half, signer, number);

	return (key != NULL && take_key(c, key)) ||
	       tls_refuse(w, c->file, "its key is of an unknown kind: RSA, "
			  "ECDSA and Ed25519 are known");
}
