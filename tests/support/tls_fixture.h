/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates on disk while a test program runs, and contexts of them. */
#ifndef SUPPORT_TLS_FIXTURE_H
#define SUPPORT_TLS_FIXTURE_H

#include "net/tls_context.h"
#include "support/tls_client.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

extern struct tls_files files;

int tls_fixture_make(void **unused);

int tls_fixture_remove(void **unused);

/* The context of these certificates; it must be good. */
struct tls_context *load(struct certificate_settings *certificates,
			 size_t count, int min_version);

#endif
