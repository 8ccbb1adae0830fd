/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/tls_client.h"

static X509 *
tls_make_cert(EVP_PKEY *key, const char *common_name, int days)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -100L * 24 * 3600);
	X509_gmtime_adj(X509_getm_notAfter(x), days * 24L * 3600);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
				   (const unsigned char *)common_name, -1, -1,
				   0);
	X509_set_issuer_name(x, name);
	X509_set_pubkey(x, key);
	assert(X509_sign(x, key, EVP_PKEY_is_a(key, "ED25519")
			 ? NULL : EVP_sha256()) > 0);
	return x;
}

static void
tls_write_file(const char *path, const char *mode, const char *text)
{
	FILE *f = fopen(path, mode);

	assert(f != NULL && fputs(text, f) >= 0);
	fclose(f);
	chmod(path, 0600);
}

void
tls_write_cert(const char *path, EVP_PKEY *key, const char *common_name,
	       int days)
{
	X509 *x = tls_make_cert(key, common_name, days);
	FILE *f = fopen(path, "a");

	assert(f != NULL && PEM_write_X509(f, x) == 1);
	fclose(f);
	X509_free(x);
	chmod(path, 0644);
}

void
tls_write_key(const char *path, EVP_PKEY *key, const char *passphrase)
{
	FILE *f = fopen(path, "a");

	assert(f != NULL);
	assert(PEM_write_PrivateKey(f, key, passphrase != NULL
				    ? EVP_aes_128_cbc() : NULL, NULL, 0, NULL,
				    (void *)(uintptr_t)passphrase) == 1);
	fclose(f);
	chmod(path, 0600);
}

void
tls_write_pair(const char *path, EVP_PKEY *key, const char *common_name)
{
	tls_write_cert(path, key, common_name, 30);
	tls_write_key(path, key, NULL);
	EVP_PKEY_free(key);
}

void
tls_files_make(struct tls_files *f)
{
	static const char broken[] = "-----BEGIN %s-----\nMIIBVQ==\n"
				     "-----END %s-----\n";
	char text[128];
	EVP_PKEY *key = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256");
	EVP_PKEY *weak = EVP_RSA_gen(1024);

	strcpy(f->directory, "/tmp/net-tls-XXXXXX");
	assert(mkdtemp(f->directory) != NULL);
	struct { char *path; const char *name; } names[] = {
		{ f->cert, "cert" }, { f->key, "key" },
		{ f->other_cert, "other-cert" }, { f->other_key, "other-key" },
		{ f->third_cert, "third-cert" }, { f->third_key, "third-key" },
		{ f->expired_cert, "expired" }, { f->both, "both" },
		{ f->weak_cert, "weak-cert" }, { f->weak_key, "weak-key" },
		{ f->encrypted_key, "encrypted" }, { f->empty, "empty" },
		{ f->damaged_key, "damaged-key" }, { f->missing, "missing" },
		{ f->damaged_cert, "damaged-cert" },
		{ f->damaged_chain, "damaged-chain" },
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		snprintf(names[i].path, sizeof(f->cert), "%s/%s", f->directory,
			 names[i].name);

	tls_write_cert(f->cert, key, "default", 30);
	tls_write_cert(f->other_cert, other, "other", 10);
	tls_write_cert(f->third_cert, other, "third", 30);
	tls_write_cert(f->expired_cert, key, "expired", -1);
	tls_write_cert(f->both, key, "both", 30);
	tls_write_cert(f->weak_cert, weak, "weak", 30);
	tls_write_key(f->key, key, NULL);
	tls_write_key(f->other_key, other, NULL);
	tls_write_key(f->third_key, other, NULL);
	tls_write_key(f->both, key, NULL);
	tls_write_key(f->weak_key, weak, NULL);
	tls_write_key(f->encrypted_key, key, "secret");
	tls_write_file(f->empty, "w", "");
	snprintf(text, sizeof(text), broken, "PRIVATE KEY", "PRIVATE KEY");
	tls_write_file(f->damaged_key, "w", text);
	snprintf(text, sizeof(text), broken, "CERTIFICATE", "CERTIFICATE");
	tls_write_file(f->damaged_cert, "w", text);
	tls_write_cert(f->damaged_chain, key, "default", 30);
	tls_write_file(f->damaged_chain, "a", text);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	EVP_PKEY_free(weak);
}

void
tls_files_remove(struct tls_files *f)
{
	const char *const all[] = {
		f->cert, f->key, f->other_cert, f->other_key, f->third_cert,
		f->third_key, f->expired_cert, f->both, f->weak_cert,
		f->weak_key, f->encrypted_key, f->damaged_key,
		f->damaged_cert, f->damaged_chain, f->empty,
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		unlink(all[i]);
	rmdir(f->directory);
}

SSL_CTX *
tls_client_context(void)
{
	SSL_CTX *c = SSL_CTX_new(TLS_client_method());

	assert(c != NULL);
	SSL_CTX_set_verify(c, SSL_VERIFY_NONE, NULL);
	return c;
}

static void
tls_socket_pair(int *a, int *b)
{
	int ends[2];

	assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
	*a = ends[0];
	*b = ends[1];
}

void
tls_pair_open(struct tls_pair *p, struct tls_context *c, bool trickles)
{
	*p = (struct tls_pair){ .trickles = trickles, .relay = { -1, -1 } };
	if (trickles) {
		tls_socket_pair(&p->server_fd, &p->relay[1]);
		tls_socket_pair(&p->client_fd, &p->relay[0]);
	} else {
		tls_socket_pair(&p->server_fd, &p->client_fd);
	}
	p->server = tls_new(c, p->server_fd);
	p->client_context = tls_client_context();
	p->client = SSL_new(p->client_context);
	assert(p->server != NULL && p->client != NULL);
	SSL_set_fd(p->client, p->client_fd);
	SSL_set_connect_state(p->client);
}

void
tls_pair_cut(struct tls_pair *p)
{
	close(p->client_fd);
	p->client_fd = -1;
}

void
tls_pair_close(struct tls_pair *p)
{
	const int all[] = { p->server_fd, p->client_fd, p->relay[0],
			    p->relay[1] };

	tls_free(&p->server);
	SSL_free(p->client);
	SSL_CTX_free(p->client_context);
	for (size_t i = 0; i < 4; i++)
		if (all[i] >= 0)
			close(all[i]);
	ERR_clear_error();
}

size_t
tls_pair_carry(struct tls_pair *p, size_t n)
{
	char bytes[4096];
	ssize_t got;

	while ((got = read(p->relay[1], bytes, sizeof(bytes))) > 0)
		assert(write(p->relay[0], bytes, (size_t)got) == got);
	got = read(p->relay[0], bytes, n);
	if (got <= 0)
		return 0;
	assert(write(p->relay[1], bytes, (size_t)got) == got);
	return (size_t)got;
}

enum tls_result
tls_pair_shake(struct tls_pair *p)
{
	enum tls_result r = TLS_WANTS_READ;

	for (int i = 0; i < 20000; i++) {
		int rc = SSL_do_handshake(p->client);
		bool client_failed = rc <= 0 &&
			SSL_get_error(p->client, rc) != SSL_ERROR_WANT_READ &&
			SSL_get_error(p->client, rc) != SSL_ERROR_WANT_WRITE;
		ERR_clear_error();
		if (p->trickles)
			tls_pair_carry(p, 1);
		if (r != TLS_OK)
			r = tls_accept(p->server);
		if (r == TLS_FAILED || r == TLS_EOF)
			return r;
		if (client_failed)
			return TLS_FAILED;
		if (r == TLS_OK && rc == 1)
			return r;
	}
	return TLS_WANTS_READ;
}

void
tls_peer_common_name(struct tls_pair *p, char *out, int size)
{
	X509 *x = SSL_get1_peer_certificate(p->client);

	assert(x != NULL);
	X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName,
				  out, size);
	X509_free(x);
}

struct tls_context *
tls_context_with_keys(const struct net_settings *settings, char *why,
		      size_t size)
{
	struct tls_context *c = tls_context_new(settings, why, size);

	if (c != NULL && !tls_context_load_keys(c, settings, why, size))
		tls_context_free(&c);
	return c;
}
