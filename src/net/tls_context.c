/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Contexts: which certificate serves which name, and with what rules. */
#include "net/tls_context.h"

#include "base/in_child.h"
#include "base/memory.h"
#include "net/certificate.h"
#include "net/domain_name.h"
#include "net/ticket_keys.h"

#include <openssl/ssl.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SESSION_SECONDS = 3600 };

/* Forward secrecy and authenticated encryption only. */
static const char tls12_ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
static const char groups[] = "X25519:P-256:P-384";

/* Tickets are those of the first, whatever name the client asks for. */
struct tls_context {
	struct certificate *at;
	size_t count;
	struct ticket_keys *ticket_keys;
	struct signing_client signer;   /* who has the keys, unless we do */
	bool has_keys;
	int kept_in;                    /* file of the keys of the next signer;
					 * -1 */
};

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
	/* One call takes no more than lies here, so that a client that sends
	 * KeyUpdates without end has its turn and no more. */
	SSL_CTX_clear_mode(ssl, SSL_MODE_AUTO_RETRY);
	/* A record is read by one system call, not its header by one more. */
	SSL_CTX_set_read_ahead(ssl, 1);
	SSL_CTX_set_cipher_list(ssl, tls12_ciphers);
	SSL_CTX_set1_groups_list(ssl, groups);
	/* Sessions live in tickets at the client, not here. */
	SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_session_id_context(ssl, id, sizeof(id) - 1);
	SSL_CTX_set_timeout(ssl, SESSION_SECONDS);
	SSL_CTX_set_num_tickets(ssl, 1);
	return ssl;
}

static bool
load(struct certificate *c, const struct certificate_settings *s,
     int min_version, const struct tls_error *w)
{
	const char *name = s->name != NULL ? s->name : "";
	size_t star = strncmp(name, "*.", 2) == 0 ? 2 : 0;
	char ascii[DOMAIN_NAME_SIZE + 2] = "*.";

	c->file = memory_copy_text(s->certificate);
	if (c->ssl == NULL)
		c->ssl = new_ssl(min_version);
	if (c->ssl == NULL)
		return tls_refuse(w, c->file, "OpenSSL makes no context");
	/* A name, or "*." before one; as A-labels, which is how clients
	 * ask. */
	if (name[0] == '\0')
		ascii[0] = '\0';
	else if (domain_name_to_ascii(view_of(name + star), ascii + star,
				      DOMAIN_NAME_SIZE) == 0)
		return tls_refuse(w, name, "is no domain name");
	c->name = memory_copy_text(ascii);
	return certificate_load(c, w);
}

/* The key may be in the certificate's file. */
static bool
load_key(struct certificate *c, const struct certificate_settings *s,
	 const struct tls_error *w)
{
	bool has_key = s->key != NULL && s->key[0] != '\0';

	return certificate_load_key(c, has_key ? s->key : s->certificate, w);
}

static void
unload(struct certificate *c)
{
	SSL_CTX_free(c->ssl);
	EVP_PKEY_free(c->key);
	free(c->name);
	free(c->file);
}

static bool
check(const void *settings, char *why, size_t size)
{
	const struct certificate_settings *s = settings;
	const struct tls_error w = { why, size };
	struct certificate c = { 0 };
	bool is_fine = load(&c, s, 12, &w) && load_key(&c, s, &w);

	unload(&c);
	return is_fine;
}

bool
tls_check_certificate(const struct certificate_settings *s, char *why,
		      size_t size)
{
	return in_child(check, s, why, size);
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
	c->signer.fd = -1;
	c->kept_in = -1;
	c->at = memory_new(count, sizeof(*c->at));
	for (size_t i = 0; i < count; i++) {
		const struct certificate_settings *s =
			&settings->certificates[i];
		const struct certificate *twin = NULL;

		assert(c->at != NULL);
		struct certificate *one = &c->at[i];
		c->count = i + 1;
		/* Of two that have one name the second shares the first one's
		 * connections, which take what the client can. */
		for (size_t j = 0; j < i && twin == NULL; j++)
			if (strcmp(settings->certificates[j].name,
				   s->name) == 0)
				twin = &c->at[j];
		if (twin != NULL && SSL_CTX_up_ref(twin->ssl) == 1)
			one->ssl = twin->ssl;
		bool is_good = load(one, s, settings->tls_min_version, &w) &&
			certificate_use_signer(one, &c->signer, (uint32_t)i,
					       &w);
		if (is_good && twin != NULL && twin->kind == one->kind)
			is_good = tls_refuse(&w, one->file, "its key is of the "
				"same kind as that of the other one: RSA and "
				"ECDSA make a pair");
		if (!is_good) {
			tls_context_free(&c);
			return NULL;
		}
	}
	c->ticket_keys = ticket_keys_new_remote(&c->signer);
	for (size_t i = 0; i < count; i++)
		ticket_keys_serve(c->ticket_keys, c->at[i].ssl, i == 0);
	SSL_CTX_set_tlsext_servername_callback(c->at[0].ssl,
					       choose_certificate);
	SSL_CTX_set_tlsext_servername_arg(c->at[0].ssl, c);
	return c;
}

void
tls_context_keep_keys_in(struct tls_context *c, int fd)
{
	c->kept_in = fd;
}

bool
tls_context_load_keys(struct tls_context *c,
		      const struct net_settings *settings, char *why,
		      size_t size)
{
	const struct tls_error w = { why, size };
	int own = c->kept_in >= 0 ? dup(c->kept_in) : -1;
	FILE *kept = own >= 0 ? fdopen(own, "r+") : NULL;
	bool is_kept = kept != NULL;

	assert(c->count == settings->certificate_count);
	if (kept != NULL)
		rewind(kept);
	/* Those of a signer that died, or those in their files, which may be
	 * others by now, and are left for the next one. */
	c->has_keys = true;
	for (size_t i = 0; i < c->count && c->has_keys; i++) {
		is_kept = is_kept && certificate_recall_key(&c->at[i], kept);
		c->has_keys = is_kept || load_key(
			&c->at[i], &settings->certificates[i], &w);
	}
	if (c->has_keys && !is_kept && kept != NULL) {
		rewind(kept);
		for (size_t i = 0; i < c->count; i++)
			certificate_keep_key(&c->at[i], kept);
	}
	if (kept != NULL)
		fclose(kept);
	if (!c->has_keys)
		return false;
	struct ticket_keys *k =
		ticket_keys_new(settings->ticket_keys_file, why, size);
	if (k == NULL)
		return false;
	ticket_keys_free(&c->ticket_keys);
	c->ticket_keys = k;
	for (size_t i = 0; i < c->count; i++)
		ticket_keys_serve(k, c->at[i].ssl, i == 0);
	return true;
}

void
tls_context_use_signer(struct tls_context *c, int fd)
{
	signing_client_init(&c->signer, fd);
}

bool
tls_context_is_broken(const struct tls_context *c)
{
	return signing_is_away(&c->signer);
}

EVP_PKEY *
tls_context_key(const struct tls_context *c, size_t number)
{
	return c->has_keys && number < c->count ? c->at[number].key : NULL;
}

struct ticket_keys *
tls_context_ticket_keys(const struct tls_context *c)
{
	return c->ticket_keys;
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

bool
tls_context_certificate(const struct tls_context *c, size_t i,
			struct certificate_end *out)
{
	if (i >= c->count)
		return false;
	*out = (struct certificate_end){ c->at[i].name, c->at[i].file,
					 c->at[i].expires };
	return true;
}

SSL *
tls_context_open(struct tls_context *c)
{
	return SSL_new(c->at[0].ssl);
}
