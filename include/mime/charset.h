/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The charsets that mail may name: a whitelist, mapped as browsers and mail
 * readers map them (WHATWG Encoding, and what else mailers write). No name
 * from a message ever reaches iconv. */
#ifndef MIME_CHARSET_H
#define MIME_CHARSET_H

#include "base/view.h"

/* The rows of one table, which has their labels and iconv's names; those that
 * the code asks for have names here. */
enum charset {
	CHARSET_UNKNOWN = -1,
	CHARSET_US_ASCII,
	CHARSET_UTF_8,
	CHARSET_HZ,
	CHARSET_ISO_2022_JP,
	CHARSET_WINDOWS_1252,
	CHARSET_EUC_JP_MS,
	CHARSET_GB18030,
	CHARSET_UTF_16LE,
	CHARSET_UTF_16BE,
	CHARSET_UTF_32LE,
	CHARSET_UTF_32BE,
	CHARSETS = 74
};

/* The charset of a label; CHARSET_UNKNOWN for all that are not listed. Case
 * and punctuation do not matter: "Latin 1", utf8 and iso8859-1 are known. */
enum charset charset_named(struct view label);

/* Its name for iconv; NULL where our own code decodes it. */
const char *charset_iconv_name(enum charset charset);

/* 7-bit East Asian mail to the 8-bit form of the same sets: HZ (RFC 1843) to
 * GB 2312, ISO-2022-JP (RFC 1468, with half-width kana) to EUC-JP. Both write
 * at most 2 * bytes.len to out and return how much; *state is 0 at the
 * beginning of a text, and carries what is between two calls. */
size_t charset_from_hz(unsigned *state, struct view bytes, char *out);
size_t charset_from_jis(unsigned *state, struct view bytes, char *out);

#endif
