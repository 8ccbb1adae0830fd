/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A certificate and its key beside a configuration file. */
#ifndef SUPPORT_CONFIG_CERTIFICATE_H
#define SUPPORT_CONFIG_CERTIFICATE_H

#include "support/config_files.h"
#include "support/tls_client.h"

void config_files_put_certificate(const struct config_files *f,
				  const char *certificate, const char *key);

#endif
