/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the client library would load when it is first needed, loaded while
 * the file system is still open to us. */
#include "store/store.h"

#include <mysql.h>

#include <netdb.h>

/* <mysql/client_plugin.h>, which only one of the two libraries installs, has
 * it as MYSQL_CLIENT_AUTHENTICATION_PLUGIN. */
enum { AUTHENTICATION_PLUGIN = 2 };

static const char *const plugins[] = {
	"mysql_native_password", "caching_sha2_password", "client_ed25519",
	"sha256_password", "parsec"
};

/* A plugin that is not installed is none that anybody can ask for. */
static void
load_plugins(void)
{
	MYSQL *mysql = mysql_init(NULL);

	if (mysql == NULL)
		return;
	for (size_t i = 0; i < sizeof(plugins) / sizeof(plugins[0]); i++)
		(void)mysql_client_find_plugin(mysql, plugins[i],
						AUTHENTICATION_PLUGIN);
	mysql_close(mysql);
}

/* Not for the answer: for the name service's own libraries. */
static void
look_up_hosts(const struct store_settings *settings)
{
	struct addrinfo *found = NULL;

	for (size_t i = 0; i < settings->host_count; i++)
		if (settings->hosts[i].port > 0 &&
		    getaddrinfo(settings->hosts[i].name, NULL, NULL,
				&found) == 0)
			freeaddrinfo(found);
}

void
store_warm_up(const struct store_settings *settings)
{
	mysql_library_init(0, NULL, NULL);
	load_plugins();
	look_up_hosts(settings);
}
