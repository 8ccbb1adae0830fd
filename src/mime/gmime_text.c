/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What GMime may see. It looks for charsets where it meets an encoded word or
 * 8-bit text, keeps each name for ever, and turns A-labels into Unicode: none
 * of that is of use to a row, and the first two are an attacker's. */
#include "mime/gmime_text.h"

#include "base/memory.h"

#include <assert.h>
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

void
gmime_open(void)
{
	static iconv_t kept;    /* never closed: its code stays loaded */

	if (kept != NULL)
		return;
	g_mime_init();
	(void)g_log_set_default_handler(on_message, NULL);
	/* Bytes that are neither ASCII nor of a charset are taken for the
	 * locale's. */
	kept = iconv_open("UTF-8", g_mime_locale_charset());
	/* GLib's types are made when they are first needed, under a lock. */
	g_object_unref(g_mime_content_type_parse(
		NULL, "text/plain; name*=iso-8859-1''%E9"));
	g_object_unref(g_mime_content_disposition_parse(NULL, "inline; a=b"));
	InternetAddressList *list = internet_address_list_parse(
		NULL, "a: b <c@d.example>;");
	if (list != NULL)
		g_object_unref(list);
}

void
gmime_text_put(struct text *out, struct view v)
{
	enum { ALIAS = 0x100 };

	for (size_t i = 0; i < v.len; i++) {
		unsigned code = (unsigned char)v.at[i];
		bool is_word = code == '?' && out->len > 0 &&
			       out->at[out->len - 1] == '=';
		bool is_label = code == 'x' && v.len - i >= 4 &&
				memcmp(v.at + i, "xn--", 4) == 0;
		if (code < ' ' || code == 0x7f)
			code = ' ';
		else if (is_word || is_label)
			code += ALIAS;
		size_t n = code < 0x80 ? 1 : 2;
		if (out->is_full || n > out->room - out->len) {
			out->is_full = true;
			return;
		}
		if (n == 2)
			out->at[out->len++] = (char)(0xc0 | code >> 6);
		out->at[out->len++] = (char)(n == 1 ? code
						    : 0x80 | (code & 0x3f));
	}
}

const char *
gmime_text_end(struct text *out)
{
	assert(out->len <= out->room);
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
