/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list of C strings, as the configuration gives them. */
#ifndef BASE_STRINGS_H
#define BASE_STRINGS_H

#include <stddef.h>

struct strings {
	const char **at;
	size_t count;
};

#endif
