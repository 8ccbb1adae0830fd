/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Listeners and who may do what, filled by config. */
#ifndef NET_SETTINGS_H
#define NET_SETTINGS_H

#include "base/address.h"
#include "base/view.h"

#include <stdbool.h>
#include <stdint.h>

enum listen_tls { LISTEN_CLEAR, LISTEN_STARTTLS, LISTEN_IMPLICIT_TLS };

struct listen_settings {
	const char *name;               /* as configured: "0.0.0.0:25",
					 * "unix:/path", "fd:NAME" */
	enum listen_tls tls;
	bool has_proxy_protocol;
	unsigned mode;                  /* of a unix socket */
};

struct certificate_settings {
	const char *name;               /* SNI; "" for the default one; two
					 * of one name are a pair */
	const char *certificate;        /* PEM files */
	const char *key;
};

struct net_settings {
	struct listen_settings *listeners;      /* the clients', and behind
						 * them status.listen's */
	size_t listener_count;          /* the clients' alone */
	bool has_status;
	struct certificate_settings *certificates;      /* [0]: the default;
							 * none: no TLS */
	size_t certificate_count;
	int tls_min_version;            /* 12 or 13 */
	const char *ticket_keys_file;   /* "" or NULL: keys of our own */
	struct address_ranges trusted_proxies;
	struct address_ranges xclient_hosts;
	struct address_ranges blocked_clients;
};

/* Of the clients and of status.listen. */
static inline size_t
net_listener_sum(const struct net_settings *n)
{
	return n->listener_count + n->has_status;
}

#endif
