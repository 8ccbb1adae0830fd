/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What GMime may see. It looks for charsets where it meets an encoded word or
 * 8-bit text, keeps each name for ever, and turns A-labels into Unicode: none
 * of that is of use to a row, and the first two are an attacker's. */
#include "mime/gmime_text.h"

#include "base/memory.h"

#include <gmime/gmime.h>
#include <iconv.h>
#include <string.h>

/* GLib ends the process where there is no memory: as our own code does. */
static void
on_message(const char *domain, GLogLevelFlags level, const char *message,
	   void *context)
{
	(void)domain, (void)message, (void)context;
	if ((level & G_LOG_LEVEL_ERROR) != 0)
		memory_exhausted();
}

/* Bytes that are neither ASCII nor of a charset are taken for the locale's. */
static void
keep_locale_charset(void)
{
	static iconv_t kept;    /* never closed: its code stays loaded */

	if (kept == NULL)
		kept = iconv_open("UTF-8", g_mime_locale_charset());
}

/* Makes GLib's types: they are made when they are first needed, under a
 * lock. */
static void
make_types(void)
{
	GMimeContentType *type = g_mime_content_type_parse(
		NULL, "text/plain; name*=iso-8859-1''%E9");
	GMimeContentDisposition *disposition =
		g_mime_content_disposition_parse(NULL, "inline; a=b");
	InternetAddressList *list = internet_address_list_parse(
		NULL, "a: b <c@d.example>;");

	g_object_unref(type);
	g_object_unref(disposition);
	if (list != NULL)
		g_object_unref(list);
}

void
gmime_open(void)
{
	static bool is_open;

	if (is_open)
		return;
	is_open = true;
	g_mime_init();
	(void)g_log_set_default_handler(on_message, NULL);
	keep_locale_charset();
	make_types();
}

static void
put(struct text *out, unsigned code)
{
	size_t n = code < 0x80 ? 1 : 2;

	if (out->is_full || n > out->room - out->len) {
		out->is_full = true;
		return;
	}
	if (n == 2)
		out->at[out->len++] = (char)(0xc0 | code >> 6);
	out->at[out->len++] = (char)(n == 1 ? code : 0x80 | (code & 0x3f));
}

/* What stands for the byte at i, behind what is in out. */
static unsigned
code_of(const struct text *out, struct view v, size_t i)
{
	enum { ALIAS = 0x100 };
	unsigned char c = (unsigned char)v.at[i];

	if (c < ' ' || c == 0x7f)
		return ' ';
	if (c == '?' && out->len > 0 && out->at[out->len - 1] == '=')
		return ALIAS + c;
	if (c == 'x' && v.len - i >= 4 && memcmp(v.at + i, "xn--", 4) == 0)
		return ALIAS + c;
	return c;
}

void
gmime_text_put(struct text *out, struct view bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		put(out, code_of(out, bytes, i));
}

const char *
gmime_text_end(struct text *out)
{
	out->at[out->len] = '\0';
	return out->at;
}

size_t
gmime_text_bytes(const char *text, char *where, size_t room)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t n = 0;

	for (; *at != '\0' && n < room; at++) {
		unsigned c = *at;
		if (c >= 0xc2 && c <= 0xc7 && (at[1] & 0xc0) == 0x80)
			c = (c & 0x1f) << 6 | (*++at & 0x3f);
		where[n++] = (char)c;
	}
	return n;
}
