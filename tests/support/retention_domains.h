/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SUPPORT_RETENTION_DOMAINS_H
#define SUPPORT_RETENTION_DOMAINS_H

#include "store/settings.h"

/* "vip.example=86400000,*.example.org=0", which is cut up. */
void retention_domains_set(struct store_settings *s, char *text);

#endif
