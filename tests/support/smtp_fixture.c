/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/smtp_fixture.h"

/* Lower case, no trailing dot; U+00FC in one name. */
static size_t
fixture_to_ascii(struct view domain, char *out, size_t size)
{
	if (domain.len > 0 && domain.at[domain.len - 1] == '.')
		domain.len--;
	if (view_equal_nocase(domain, VIEW("b\xc3\xbc" "cher.example")))
		domain = VIEW("xn--bcher-kva.example");
	if (domain.len == 0 || domain.len >= size)
		return 0;
	for (size_t i = 0; i < domain.len; i++) {
		if ((unsigned char)domain.at[i] >= 0x80)
			return 0;
		out[i] = ascii_lower(domain.at[i]);
	}
	return domain.len;
}

void
smtp_fixture_init(struct smtp_fixture *f)
{
	*f = (struct smtp_fixture){
		.settings = {
			.hostname = "mail.example.com",
			.primary_host = "",
			.domains = domains_new(),
			.discard_domains = domains_new(),
			.discard_addresses = { f->discards, 1 },
			.adds_trace_headers = true,
			.message_size = 10000,
			.transaction_bytes = 30000,
			.recipients = 100,
			.mails = 1000,
			.errors = 10,
			.domain_to_ascii = fixture_to_ascii,
		},
		.state = {
			.max_message_bytes = 10000,
			.max_address_chars = 320,
			.offers_smtputf8 = true,
			.offers_starttls = true,
		},
		.budget = { .limit = 1000000 },
		.client = { .bytes = { 192, 0, 2, 7 }, .len = 4 },
		.more = domains_new(),
		.discards = { "nobody@example.com" },
	};
	domains_add(f->settings.domains, VIEW("example.com"));
	domains_add(f->settings.domains, VIEW("*.example.net"));
	domains_add(f->settings.domains, VIEW("xn--bcher-kva.example"));
	domains_add(f->settings.domains, VIEW("[192.0.2.1]"));
	domains_add(f->settings.domains, VIEW("[ipv6:2001:db8::1]"));
	domains_add(f->settings.domains, VIEW("void.example"));
	domains_add(f->settings.discard_domains, VIEW("void.example"));
	domains_add(f->more, VIEW("more.example"));
}

void
smtp_fixture_deinit(struct smtp_fixture *f)
{
	domains_free(&f->settings.domains);
	domains_free(&f->settings.discard_domains);
	domains_free(&f->more);
}
