/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/config_certificate.h"

void
config_files_put_certificate(const struct config_files *f,
			     const char *certificate, const char *key)
{
	char path[PATH_MAX];
	EVP_PKEY *pair = EVP_EC_gen("P-256");

	tls_write_cert(config_files_path(f, certificate, path), pair, "x", 9);
	tls_write_key(config_files_path(f, key, path), pair, NULL);
	EVP_PKEY_free(pair);
}
