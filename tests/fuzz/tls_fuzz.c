/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TLS record boundaries: a true client whose bytes reach the server in
 * pieces of the input's choosing, some of them spoiled. Unspoiled, all it
 * sent must come out; spoiled, nothing that it did not send may. */
#include "support/tls_client.h"

#include <signal.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEPS = 400, TEXT = 3000 };

/* The input, eaten byte by byte; then zeros. */
struct script {
	const uint8_t *at;
	size_t left;
};

static unsigned
next(struct script *s)
{
	if (s->left == 0)
		return 0;
	s->left--;
	return *s->at++;
}

static struct tls_context *
context(void)
{
	static struct tls_context *c;
	struct tls_files files;
	char why[256];

	if (c != NULL)
		return c;
	signal(SIGPIPE, SIG_IGN);
	tls_files_make(&files);
	struct certificate_settings one = { "", files.cert, files.key };
	struct net_settings settings = { .certificates = &one,
					 .certificate_count = 1,
					 .tls_min_version = 12 };
	c = tls_context_with_keys(&settings, why, sizeof(why));
	assert(c != NULL);
	tls_files_remove(&files);
	return c;
}

/* Carries a piece to the server: whole, spoiled, or preceded by noise. */
static bool
carry(struct tls_pair *p, struct script *s)
{
	unsigned how = next(s), size = next(s);
	uint8_t bytes[4096];

	tls_pair_carry(p, 0);
	ssize_t got = read(p->relay[0], bytes, how & 1 ? 1 + size
						       : 1 + size * 16);
	if (got <= 0)
		return false;
	bool is_spoiled = how >= 0xf0;
	if (is_spoiled)
		bytes[next(s) % (size_t)got] ^= (uint8_t)(1 + next(s) % 255);
	if (how == 0xff)
		assert(write(p->relay[1], s->at, s->left % 64) >= 0);
	assert(write(p->relay[1], bytes, (size_t)got) == got);
	return is_spoiled;
}

/* Reads what there is and compares it with what was sent. */
static enum tls_result
drain(struct tls_pair *p, size_t *seen)
{
	char bytes[100];
	size_t n = 0;
	enum tls_result r;

	while ((r = tls_read(p->server, bytes, sizeof(bytes), &n)) == TLS_OK) {
		assert(n > 0 && n <= sizeof(bytes) && *seen + n <= TEXT);
		for (size_t i = 0; i < n; i++)
			assert(bytes[i] == (char)('a' + (*seen + i) % 23));
		*seen += n;
	}
	return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = { data, size };
	bool is_spoiled = false, is_shaken = false;
	enum tls_result r = TLS_WANTS_READ;
	size_t sent = 0, offered = 0, seen = 0;
	char text[TEXT];
	struct tls_pair p;

	for (size_t i = 0; i < TEXT; i++)
		text[i] = (char)('a' + i % 23);
	tls_pair_open(&p, context(), true);
	SSL_set_max_proto_version(p.client, next(&script) & 1
				  ? TLS1_2_VERSION : TLS1_3_VERSION);
	for (int i = 0; i < STEPS && r != TLS_FAILED && r != TLS_EOF; i++) {
		size_t n = 0, some = 1 + next(&script) * 4;
		some = some < TEXT - sent ? some : TEXT - sent;
		if (SSL_do_handshake(p.client) == 1 && some > 0) {
			offered = offered > sent + some ? offered
							: sent + some;
			if (SSL_write_ex(p.client, text + sent, some, &n))
				sent += n;
		}
		ERR_clear_error();
		is_spoiled |= carry(&p, &script);
		if (!is_shaken)
			r = tls_accept(p.server);
		is_shaken |= r == TLS_OK;
		if (is_shaken)
			r = drain(&p, &seen);
	}
	assert(seen <= offered);
	/* By then all has crossed, however small the pieces were. */
	while (!is_spoiled && tls_pair_carry(&p, 4000) > 0)
		if (is_shaken)
			drain(&p, &seen);
	/* A record that the socket had no room for may still have gone. */
	assert(is_spoiled || !is_shaken || (seen >= sent && seen <= offered));
	assert(is_spoiled || r != TLS_FAILED);
	tls_close(p.server);
	tls_pair_close(&p);
	return 0;
}
