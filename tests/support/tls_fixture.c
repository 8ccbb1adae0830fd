/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/tls_fixture.h"

struct tls_files files;

int
tls_fixture_make(void **unused)
{
	(void)unused;
	signal(SIGPIPE, SIG_IGN);
	tls_files_make(&files);
	return 0;
}

int
tls_fixture_remove(void **unused)
{
	(void)unused;
	tls_files_remove(&files);
	return 0;
}

struct tls_context *
load(struct certificate_settings *certificates, size_t count, int min_version)
{
	struct net_settings settings = {
		.certificates = certificates,
		.certificate_count = count,
		.tls_min_version = min_version,
	};
	char why[512] = "";
	struct tls_context *c =
		tls_context_with_keys(&settings, why, sizeof(why));

	if (c == NULL)
		fail_msg("%s", why);
	return c;
}
