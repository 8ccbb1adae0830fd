/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates and keys, loaded with our own hands rather than OpenSSL's so
 * that each fault can be told from the others. */
#include "net/tls_context.h"

#include "base/memory.h"
#include "net/domain_name.h"
#include "net/ticket_keys.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <assert.h>
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SESSION_SECONDS = 3600 };

/* Forward secrecy and authenticated encryption only. */
static const char tls12_ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
static const char groups[] = "X25519:P-256:P-384";

struct certificate {
	char *name;             /* A-labels in lower case; "" for the first */
	char *file;
	SSL_CTX *ssl;
	int64_t expires;
};

/* Tickets are made and read with the keys of the first, whatever name the
 * client asks for. */
struct tls_context {
	struct certificate *at;
	size_t count;
	struct ticket_keys *ticket_keys;
};

/* Where a fault goes. */
struct tls_error {
	char *text;
	size_t size;
};

static bool
refuse(const struct tls_error *w, const char *file, const char *sentence)
{
	snprintf(w->text, w->size, "%s: %s", file, sentence);
	ERR_clear_error();
	return false;
}

/* ---- Files -------------------------------------------------------------- */

static bool
refuse_unreadable(const struct tls_error *w, const char *file, int error)
{
	const struct group *g = getgrgid(getegid());
	char sentence[256];

	if (error != EACCES)
		return refuse(w, file, strerror(error));
	snprintf(sentence, sizeof(sentence), "not readable by the service: "
		 "'chgrp %s' and 'chmod 0640' it, and let that group enter "
		 "its folders", g != NULL ? g->gr_name : "GROUP");
	return refuse(w, file, sentence);
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

static int64_t
end_of(const X509 *x)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(x), &tm) != 1)
		return 0;
	return timegm(&tm);
}

/* The server's own certificate comes first, then those that vouch for it. */
static bool
use_chain(struct certificate *c, FILE *f, const struct tls_error *w)
{
	X509 *own = PEM_read_X509_AUX(f, NULL, NULL, NULL);

	if (own == NULL && is_last_of_file())
		return refuse(w, c->file, "holds no certificate in PEM form");
	if (own == NULL)
		return refuse(w, c->file, "its certificate is damaged");
	c->expires = end_of(own);
	bool is_taken = SSL_CTX_use_certificate(c->ssl, own) == 1;
	X509_free(own);
	if (!is_taken) {
		const char *reason =
			ERR_reason_error_string(ERR_peek_last_error());
		return refuse(w, c->file, reason != NULL ? reason
					  : "its certificate is not usable");
	}

	X509 *next;
	while ((next = PEM_read_X509(f, NULL, NULL, NULL)) != NULL)
		if (SSL_CTX_add0_chain_cert(c->ssl, next) != 1) {
			X509_free(next);
			return refuse(w, c->file, "its chain is not usable");
		}
	if (!is_last_of_file())
		return refuse(w, c->file, "its chain is damaged");
	ERR_clear_error();
	return true;
}

static bool
load_chain(struct certificate *c, const struct tls_error *w)
{
	FILE *f = fopen(c->file, "re");

	if (f == NULL)
		return refuse_unreadable(w, c->file, errno);
	bool is_loaded = use_chain(c, f, w);
	fclose(f);
	return is_loaded;
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

static bool
use_key(struct certificate *c, const char *file, FILE *f,
	const struct tls_error *w)
{
	bool was_asked = false;
	struct stat st;

	if (fstat(fileno(f), &st) == 0 && (st.st_mode & S_IROTH) != 0)
		return refuse(w, file, "a key that everyone can read is no "
				       "secret: 'chmod 0640' it");
	EVP_PKEY *key = PEM_read_PrivateKey(f, NULL, note_passphrase,
					    &was_asked);
	if (key == NULL && was_asked)
		return refuse(w, file, "the key is encrypted: store it "
				       "without a passphrase ('openssl pkey')");
	if (key == NULL)
		return refuse(w, file, mentions_key(f)
				       ? "its private key is damaged"
				       : "holds no private key in PEM form");
	bool belongs = SSL_CTX_use_PrivateKey(c->ssl, key) == 1 &&
		       SSL_CTX_check_private_key(c->ssl) == 1;
	EVP_PKEY_free(key);
	if (belongs)
		return true;
	char sentence[512];
	snprintf(sentence, sizeof(sentence),
		 "this key does not belong to the certificate in %s", c->file);
	return refuse(w, file, sentence);
}

static bool
load_key(struct certificate *c, const char *file, const struct tls_error *w)
{
	FILE *f = fopen(file, "re");

	if (f == NULL)
		return refuse_unreadable(w, file, errno);
	bool is_loaded = use_key(c, file, f, w);
	fclose(f);
	return is_loaded;
}

/* ---- A certificate ------------------------------------------------------ */

static SSL_CTX *
new_ssl(int min_version)
{
	static const unsigned char id[] = "guerrilla-smtpd";
	SSL_CTX *ssl = SSL_CTX_new(TLS_server_method());

	if (ssl == NULL)
		return NULL;
	SSL_CTX_set_min_proto_version(ssl, min_version == 13
					   ? TLS1_3_VERSION : TLS1_2_VERSION);
	/* A client that leaves without close_notify cuts nothing off: a
	 * message has an end of its own. */
	SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION |
				 SSL_OP_NO_COMPRESSION |
				 SSL_OP_CIPHER_SERVER_PREFERENCE |
				 SSL_OP_PRIORITIZE_CHACHA |
				 SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS |
			      SSL_MODE_ENABLE_PARTIAL_WRITE |
			      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* One call takes one record, so that a client that sends KeyUpdates
	 * without end has its turn and no more. */
	SSL_CTX_clear_mode(ssl, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_cipher_list(ssl, tls12_ciphers);
	SSL_CTX_set1_groups_list(ssl, groups);
	/* Sessions live in tickets at the client, not here. */
	SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_session_id_context(ssl, id, sizeof(id) - 1);
	SSL_CTX_set_timeout(ssl, SESSION_SECONDS);
	SSL_CTX_set_num_tickets(ssl, 1);
	return ssl;
}

/* A name, or "*." before one; as A-labels, which is how clients ask. */
static bool
load_name(struct certificate *c, const char *name, const struct tls_error *w)
{
	char ascii[DOMAIN_NAME_SIZE + 2] = "*.";
	size_t star = strncmp(name, "*.", 2) == 0 ? 2 : 0;

	if (name[0] == '\0') {
		c->name = memory_copy_text("");
		return true;
	}
	if (domain_name_to_ascii(view_of(name + star), ascii + star,
				 DOMAIN_NAME_SIZE) == 0)
		return refuse(w, name, "is no domain name");
	c->name = memory_copy_text(ascii);
	return true;
}

static bool
load(struct certificate *c, const struct certificate_settings *s,
     int min_version, const struct tls_error *w)
{
	bool has_key = s->key != NULL && s->key[0] != '\0';

	c->file = memory_copy_text(s->certificate);
	c->ssl = new_ssl(min_version);
	if (c->ssl == NULL)
		return refuse(w, c->file, "OpenSSL makes no context");
	return load_name(c, s->name != NULL ? s->name : "", w) &&
	       load_chain(c, w) &&
	       load_key(c, has_key ? s->key : s->certificate, w);
}

static void
unload(struct certificate *c)
{
	SSL_CTX_free(c->ssl);
	free(c->name);
	free(c->file);
}

bool
tls_check_certificate(const struct certificate_settings *s, char *why,
		      size_t size)
{
	struct certificate c = { 0 };
	bool is_fine = load(&c, s, 12, &(struct tls_error){ why, size });

	unload(&c);
	return is_fine;
}

/* ---- The context -------------------------------------------------------- */

static bool
is_called(const struct certificate *c, struct view host)
{
	if (strncmp(c->name, "*.", 2) != 0)
		return view_equal_nocase(host, view_of(c->name));
	/* One label in the star's place, as in certificates (RFC 6125). */
	return view_equal_nocase(view_slice(host, view_find(host, '.'),
					    host.len), view_of(c->name + 1));
}

static int
choose_certificate(SSL *ssl, int *alert, void *context)
{
	const struct tls_context *c = context;
	const char *asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	struct view host = view_of(asked);
	(void)alert;

	for (size_t i = 1; i < c->count && host.len > 0; i++) {
		if (!is_called(&c->at[i], host))
			continue;
		SSL_set_SSL_CTX(ssl, c->at[i].ssl);
		break;
	}
	/* Senders seldom check names: for an unknown one the default serves
	 * better than an alert. */
	return SSL_TLSEXT_ERR_OK;
}

struct tls_context *
tls_context_new(const struct net_settings *settings, char *why, size_t size)
{
	struct tls_context *c = memory_new(1, sizeof(*c));
	size_t count = settings->certificate_count;
	struct tls_error w = { why, size };

	assert(count > 0);
	c->at = memory_new(count, sizeof(*c->at));
	for (size_t i = 0; i < count; i++) {
		c->count = i + 1;
		if (!load(&c->at[i], &settings->certificates[i],
			  settings->tls_min_version, &w)) {
			tls_context_free(&c);
			return NULL;
		}
	}
	c->ticket_keys = ticket_keys_new(settings->ticket_keys_file, why,
					 size);
	if (c->ticket_keys == NULL) {
		tls_context_free(&c);
		return NULL;
	}
	for (size_t i = 0; i < count; i++)
		ticket_keys_serve(c->ticket_keys, c->at[i].ssl, i == 0);
	SSL_CTX_set_tlsext_servername_callback(c->at[0].ssl,
					       choose_certificate);
	SSL_CTX_set_tlsext_servername_arg(c->at[0].ssl, c);
	return c;
}

void
tls_context_free(struct tls_context **c)
{
	if (*c == NULL)
		return;
	for (size_t i = 0; i < (*c)->count; i++)
		unload(&(*c)->at[i]);
	free((*c)->at);
	ticket_keys_free(&(*c)->ticket_keys);
	free(*c);
	*c = NULL;
}

void
tls_context_keep_keys(struct tls_context *c, const struct tls_context *older)
{
	ticket_keys_copy(c->ticket_keys, older->ticket_keys);
}

void
tls_context_turn_keys(struct tls_context *c)
{
	ticket_keys_turn(c->ticket_keys);
}

int64_t
tls_context_expiry(const struct tls_context *c, const char **file_out)
{
	const struct certificate *first = &c->at[0];

	for (size_t i = 1; i < c->count; i++)
		if (c->at[i].expires < first->expires)
			first = &c->at[i];
	*file_out = first->file;
	return first->expires;
}

SSL *
tls_context_open(struct tls_context *c)
{
	return SSL_new(c->at[0].ssl);
}
