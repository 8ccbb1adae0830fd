/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which domains are ours, which are thrown away and which senders are unwanted:
 * from the lists and from files, as A-labels. */
#include "config/reading.h"

#include "net/domain_name.h"
#include "smtp/blocked.h"
#include "smtp/path.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_DOMAIN_FILE = 256 * 1024 * 1024, LONGEST_LOCAL = 320 };

/* What a pattern is added to, and what its key is called. */
struct list_target {
	struct domains *domains;
	const char *key;
};

static void
add_domain(struct reading *r, struct list_target to, struct place at,
	   struct view text)
{
	char pattern[DOMAIN_PATTERN_SIZE];
	bool is_literal = text.len > 0 && text.at[0] == '[';
	size_t len = domain_pattern_to_ascii(text, pattern);

	if (len == 0 || (is_literal && !path_is_literal(text)) ||
	    !domains_add(to.domains, (struct view){ pattern, len }))
		faults_add(&r->faults, at, to.key,
			   "\"%.*s\" is not a domain, \"*.domain\", \"*\" or "
			   "\"[address]\"", text.len > 100 ? 100 :
			   (int)text.len, text.at);
}

/* An address where the list may have some, else a pattern. */
static void
add_sender(struct reading *r, struct list_target to, struct place at,
	   struct view text)
{
	char bytes[BLOCKED_KEY_SIZE];

	if (view_find(text, '@') == text.len &&
	    !view_equal(text, VIEW("*"))) {
		add_domain(r, to, at, text);
		return;
	}
	struct view key = blocked_key(domain_name_to_ascii, text, bytes);
	if (key.len == 0 || !domains_add(to.domains, key))
		faults_add(&r->faults, at, to.key,
			   "\"%.*s\" is not an address, a domain or "
			   "\"*.domain\"", text.len > 100 ? 100 :
			   (int)text.len, text.at);
}

/* Names a line each, to where and as add does it. */
static void
read_files(struct reading *r, struct strings *files, struct list_target to,
	   void (*add)(struct reading *, struct list_target, struct place,
		       struct view))
{
	struct value_walk walk = { 0 };

	files->count = 0;
	while (reading_next_value(r, "", to.key, &walk)) {
		struct buf bytes = BUF(LARGEST_DOMAIN_FILE);
		const char *path = reading_resolve(r, walk.at.file,
						   walk.text);
		/* As -T shall print it: found from anywhere. */
		files->at[files->count++] = path;
		struct named_file named = { walk.at, to.key, path };
		if (!reading_load(r, &named, &bytes))
			continue;
		struct place at = { reading_add_name(r, path), 1 };
		for (struct view rest = buf_view(&bytes); rest.len > 0;
		     at.line++) {
			struct view text = view_take_line(&rest);
			text = view_slice(text, 0, view_find(text, '#'));
			text = view_slice(text, 0, view_find(text, '\r'));
			text = view_trim(text);
			if (text.len > 0)
				add(r, to, at, text);
		}
		buf_release(&bytes);
	}
}

static void
fill_discard(struct reading *r)
{
	struct smtp_settings *smtp = &r->config->worker.smtp;
	struct strings *keys = &smtp->discard_addresses;
	struct list_target discarded = { smtp->discard_domains, "discard" };
	struct value_walk walk = { 0 };

	keys->at = arena_alloc(&r->config->arena,
			       (r->config->discard.count + 1) *
			       sizeof(*keys->at));
	while (reading_next_value(r, "", "discard", &walk)) {
		struct view text = view_of(walk.text);
		if (view_find(text, '@') == text.len) {
			add_domain(r, discarded, walk.at, text);
			continue;
		}
		/* local@domain, with the domain as an A-label, all in lower
		 * case. */
		size_t at = view_find_last(text, '@');
		struct view local = view_slice(text, 0, at);
		char domain[DOMAIN_NAME_SIZE];
		size_t len = domain_name_to_ascii(
			view_slice(text, at + 1, text.len), domain,
			sizeof(domain));
		if (len == 0 || local.len == 0 || local.len > LONGEST_LOCAL) {
			faults_add(&r->faults, walk.at, "discard",
				   "\"%.100s\" is not an address",
				   walk.text);
			continue;
		}
		char *key = arena_alloc(&r->config->arena,
					local.len + len + 2);
		for (size_t i = 0; i < local.len; i++)
			key[i] = ascii_lower(local.at[i]);
		key[local.len] = '@';
		memcpy(key + local.len + 1, domain, len);
		assert(keys->count <= r->config->discard.count);
		keys->at[keys->count++] = key;
	}
}

void
reading_fill_domains(struct reading *r)
{
	struct smtp_settings *smtp = &r->config->worker.smtp;
	struct value_walk walk = { 0 };

	smtp->domains = domains_new();
	smtp->discard_domains = domains_new();
	smtp->blocked_senders = domains_new();
	struct list_target ours = { smtp->domains, "domains" };
	while (reading_next_value(r, "", ours.key, &walk))
		add_domain(r, ours, walk.at, view_of(walk.text));
	ours.key = "domain_files";
	read_files(r, &r->config->domain_files, ours, add_domain);
	fill_discard(r);
	struct list_target unwanted = { smtp->blocked_senders,
					"blocked_senders" };
	walk = (struct value_walk){ 0 };
	while (reading_next_value(r, "", unwanted.key, &walk))
		add_sender(r, unwanted, walk.at, view_of(walk.text));
	unwanted.key = "blocked_sender_files";
	read_files(r, &r->config->blocked_sender_files, unwanted, add_sender);
}
