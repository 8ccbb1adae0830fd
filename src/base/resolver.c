/* SPDX-License-Identifier: GPL-3.0-or-later */
/* glibc reads its options from the environment, and loads each service of
 * the line "hosts:" in nsswitch.conf(5) when it is first asked. */
#include "base/resolver.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 512 };

/* One that is not there is none of our trouble; what is loaded stays. */
static void
load_service(const char *name)
{
	char file[LINE_SIZE + 16];

	snprintf(file, sizeof(file), "libnss_%s.so.2", name);
	(void)dlopen(file, RTLD_NOW | RTLD_NODELETE);
}

static void
load_services(char *line)
{
	char *rest;

	/* What stands in brackets are conditions, without lower-case names
	 * of libraries: those do no harm. */
	for (char *name = strtok_r(line, " \t\n", &rest); name != NULL;
	     name = strtok_r(NULL, " \t\n", &rest))
		if (strchr(name, '[') == NULL && strchr(name, '/') == NULL)
			load_service(name);
}

void
resolver_prepare(void)
{
	const char *had = getenv("RES_OPTIONS");
	char options[LINE_SIZE], line[LINE_SIZE];

	if (had == NULL || strstr(had, "use-vc") == NULL) {
		snprintf(options, sizeof(options), "%s use-vc",
			 had != NULL ? had : "");
		setenv("RES_OPTIONS", options, 1);
	}
	FILE *f = fopen("/etc/nsswitch.conf", "re");
	if (f == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "hosts:", 6) == 0)
			load_services(line + 6);
	fclose(f);
}
