/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates: the default one and those for more names (SNI). */
#include "config/reading.h"

#include "net/domain_name.h"
#include "net/ticket_keys.h"
#include "net/tls_context.h"

#include <assert.h>
#include <string.h>

struct found {
	struct certificate_settings settings;
	const struct setting *certificate;      /* where it was set; or NULL */
	const struct setting *key;
	const char *section;
	bool is_second;         /* of a pair */
};

/* Opens it only to learn whether it can be, and by whom: nothing of a key is
 * read here. */
static bool
can_read(struct reading *r, const struct setting *s, const char *path)
{
	char name[KEY_NAME_SIZE];

	key_full_name(s->key, name, sizeof(name));
	struct named_file named = { s->at, name, path };
	return reading_load(r, &named, NULL);
}

/* Whether both halves are there; a fault where only one is. */
static bool
is_whole(struct reading *r, const struct found *f)
{
	bool has_certificate = f->settings.certificate[0] != '\0';
	bool has_key = f->settings.key[0] != '\0';
	char name[KEY_NAME_SIZE];

	assert(f->certificate != NULL || !has_certificate);
	assert(f->key != NULL || !has_key);
	if (has_certificate && has_key)
		return true;
	if (!has_certificate && !has_key)
		return false;
	const char *other = f->is_second ? "second_certificate" : "certificate";
	if (has_certificate)
		other = f->is_second ? "second_key" : "key";
	key_full_name(key_find(f->section, view_of(other)), name,
		      sizeof(name));
	faults_add(&r->faults, has_certificate ? f->certificate->at :
						 f->key->at,
		   name, "missing: certificate and key go together");
	return false;
}

static void
add(struct reading *r, const struct found *f)
{
	const struct certificate_settings *s = &f->settings;
	const struct setting *wrong = f->certificate;
	struct net_settings *net = &r->config->worker.net;
	char name[KEY_NAME_SIZE];
	char why[1024];

	assert(f->certificate != NULL && f->key != NULL);
	assert(net->certificate_count < r->block_count + 2);
	bool has_certificate = can_read(r, f->certificate, s->certificate);
	bool has_key = can_read(r, f->key, s->key);
	/* What will be loaded at start; the sentence begins with the file. */
	if (has_certificate && has_key &&
	    !tls_check_certificate(s, why, sizeof(why))) {
		if (strncmp(why, s->key, strlen(s->key)) == 0)
			wrong = f->key;
		key_full_name(wrong->key, name, sizeof(name));
		faults_add(&r->faults, wrong->at, name, "%s", why);
	}
	net->certificates[net->certificate_count++] = f->settings;
}

static bool
is_double(const struct net_settings *net, const char *name)
{
	for (size_t i = 0; i < net->certificate_count; i++)
		if (strcmp(net->certificates[i].name, name) == 0)
			return true;
	return false;
}

static void
take_block(struct reading *r, int number)
{
	const struct block *b = &r->blocks[number];
	struct net_settings *net = &r->config->worker.net;
	struct found f = { .section = "tls_name",
			   .settings = { NULL, "", "" } };
	char ascii[DOMAIN_PATTERN_SIZE];

	/* The name, or "*." before one, in the form in which a client's SNI
	 * is compared. */
	size_t len = domain_pattern_to_ascii(view_of(b->title), ascii);
	if (len > 0 && strcmp(ascii, "*") != 0 && strchr(ascii, '[') == NULL)
		f.settings.name = arena_copy(&r->config->arena,
					     (struct view){ ascii, len }).at;
	else
		faults_add(&r->faults, b->at, "tls_name",
			   "\"%.200s\" is not a domain name", b->title);
	f.certificate = reading_find_in(r, number, f.section, "certificate");
	f.key = reading_find_in(r, number, f.section, "key");
	if (f.certificate != NULL)
		reading_set(r, &f.settings, f.certificate);
	if (f.key != NULL)
		reading_set(r, &f.settings, f.key);
	if (f.settings.name == NULL)
		return;
	if (is_double(net, f.settings.name))
		faults_add(&r->faults, b->at, "tls_name", "%s given twice",
			   f.settings.name);
	else if (f.certificate == NULL && f.key == NULL)
		faults_add(&r->faults, b->at, "tls_name",
			   "%s needs certificate and key", f.settings.name);
	else if (is_whole(r, &f))
		add(r, &f);
}

/* The other one of the default name, whose key is of another kind. */
static void
take_second(struct reading *r)
{
	struct net_settings *net = &r->config->worker.net;
	struct found f = { .section = "tls", .is_second = true };
	char why[1024];

	r->config->tls_second.name = "";
	f.settings = r->config->tls_second;
	f.certificate = reading_find(r, "tls", "second_certificate");
	f.key = reading_find(r, "tls", "second_key");
	if (!is_whole(r, &f))
		return;
	size_t before = r->faults.count;
	add(r, &f);
	if (r->faults.count > before || net->certificate_count < 2)
		return;
	struct tls_context *c = tls_context_new(net, why, sizeof(why));
	if (c == NULL && strncmp(why, f.settings.certificate,
				 strlen(f.settings.certificate)) == 0)
		faults_add(&r->faults, f.certificate->at,
			   "tls.second_certificate", "%s", why);
	tls_context_free(&c);
}

void
reading_fill_certificates(struct reading *r)
{
	struct config *c = r->config;
	struct net_settings *net = &c->worker.net;
	struct found f = { .section = "tls" };
	char why[1024];

	c->tls.name = "";
	f.settings = c->tls;
	f.certificate = reading_find(r, "tls", "certificate");
	f.key = reading_find(r, "tls", "key");
	net->certificates = arena_alloc(&c->arena, (r->block_count + 2) *
						sizeof(*net->certificates));
	/* Whether what machines share could be loaded at start. */
	const struct setting *s = reading_find(r, "tls", "ticket_keys_file");
	const char *file = net->ticket_keys_file;
	if (s != NULL && file[0] != '\0' && can_read(r, s, file) &&
	    !ticket_keys_check(file, why, sizeof(why)))
		faults_add(&r->faults, s->at, "tls.ticket_keys_file", "%s",
			   why);
	bool has_default = is_whole(r, &f);
	if (has_default) {
		add(r, &f);
		take_second(r);
	}
	for (size_t i = 0; i < r->block_count; i++) {
		const struct block *b = &r->blocks[i];
		if (strcmp(b->section->name, "tls_name") != 0 ||
		    b->title == NULL)
			continue;
		if (!has_default)
			faults_add(&r->faults, b->at, "tls_name",
				   "needs tls { certificate key }, for "
				   "clients that name no host");
		take_block(r, (int)i);
	}
}
