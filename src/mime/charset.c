/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Labels to charsets. Labels stand in lower case with everything but letters
 * and digits left out. Of several charsets that differ a little the superset
 * is meant: gb2312 is gb18030, iso-8859-1 is windows-1252. */
#include "mime/charset.h"

#include <assert.h>
#include <string.h>

enum { LONGEST_LABEL = 40 };

/* The commonest stand first: a label is searched from the top. A label with
 * "x" in front is the same without it. */
static const struct {
	const char *iconv_name;         /* NULL: our own code decodes it */
	const char *labels;             /* each between two blanks */
} charsets[] = {
	[CHARSET_US_ASCII] = { NULL,
	  " ansix341968 ansix341986 ascii cp367 csascii ibm367 "
	  "iso646irv1991 iso646us isoir6 us usascii usascii7 usascii8bit " },
	[CHARSET_UTF_8] = { NULL,
	  " cesu8 cp65001 unicode11utf8 utf8 utf8mb4 utf8n windows65001 "
	  "xunicode20utf8 " },
	[CHARSET_HZ] = { NULL,
	  " hz hzgb hzgb2312 " },
	[CHARSET_ISO_2022_JP] = { NULL,
	  " cp50220 cp50221 cp50222 csiso2022jp iso2022jp iso2022jp1 "
	  "iso2022jp2 iso2022jpms jis jis7 " },
	[CHARSET_WINDOWS_1252] = { "WINDOWS-1252",
	  " 88591 ansi cp1252 cp819 csisolatin1 ibm819 iso8859 iso88591 "
	  "iso885911987 iso88591windows31latin1 isoir100 l1 latin1 msansi "
	  "win1252 windows1252 windows1252http windows31latin1 " },
	[CHARSET_EUC_JP_MS] = { "EUC-JP-MS",
	  " cp51932 cseucpkdfmtjapanese eucjp eucjpms eucjpwin ujis xeuc "
	  "xeucjapanese " },
	[CHARSET_GB18030] = { "GB18030",
	  " chinese cngb cp936 csgb2312 csiso58gb231280 euccn gb gb18030 "
	  "gb2312 gb231280 gb2312charset gbk gbk2312 isoir58 ms936 "
	  "windows54936 windows936 " },
	[CHARSET_UTF_16LE] = { "UTF-16LE",
	  " csunicode iso10646ucs2 ucs2 ucs2le unicode unicodefeff utf16 "
	  "utf16le " },
	[CHARSET_UTF_16BE] = { "UTF-16BE",
	  " ucs2be unicodefffe utf16be " },
	[CHARSET_UTF_32LE] = { "UTF-32LE",
	  " iso10646ucs4 ucs4 ucs4le utf32 utf32le " },
	[CHARSET_UTF_32BE] = { "UTF-32BE",
	  " ucs4be utf32be " },
	{ "ISO-8859-2",
	  " 88592 csisolatin2 iso88592 iso885921987 isoir101 l2 latin2 " },
	{ "ISO-8859-15", " csisolatin9 iso885915 l9 latin0 latin9 " },
	{ "BIG5-HKSCS",
	  " big5 big5eten big5hkscs bigfive cnbig5 cp950 csbig5 ms950 "
	  "windows950 xxbig5 " },
	{ "KOI8-R", " cp878 cskoi8r koi koi8 koi8r " },
	{ "WINDOWS-1251", " ansi1251 cp1251 win1251 windows1251 " },
	{ "CP932",
	  " cp932 cp943 csshiftjis cswindows31j ms932 mskanji shiftjis "
	  "shiftjis2004 sjis sjiswin windows31j windows932 xmscp932 " },
	{ "CP949",
	  " 5601 cp949 cseuckr csksc56011987 euckr isoir149 korean ksc5601 "
	  "ksc56011987 ksc56011989 ksx1001 ms949 uhc windows949 " },
	{ "WINDOWS-1250", " cp1250 win1250 windows1250 " },
	{ "WINDOWS-1254",
	  " cp1254 csisolatin5 iso88599 iso885991989 isoir148 l5 latin5 "
	  "windows1254 " },
	{ "ISO-8859-7",
	  " csisolatingreek ecma118 elot928 greek greek8 iso88597 "
	  "iso885971987 isoir126 suneugreek " },
	{ "ARMSCII-8", " armscii8 " },
	{ "CP1125", " cp1125 cp866u ruscii " },
	{ "CP1133", " cp1133 ibmcp1133 " },
	{ "CP437", " 437 cp437 cspc8codepage437 ibm437 " },
	{ "CP737", " cp737 ibm737 " },
	{ "CP775", " cp775 ibm775 " },
	{ "CP850", " 850 cp850 cspc850multilingual ibm850 " },
	{ "CP852", " 852 cp852 cspcp852 ibm852 " },
	{ "CP855", " 855 cp855 ibm855 " },
	{ "CP857", " 857 cp857 ibm857 " },
	{ "CP858", " 858 cp858 ibm00858 ibm858 " },
	{ "CP860", " 860 cp860 ibm860 " },
	{ "CP861", " 861 cp861 cpis ibm861 " },
	{ "CP862", " 862 cp862 cspc862latinhebrew dos862 ibm862 " },
	{ "CP863", " 863 cp863 ibm863 " },
	{ "CP864", " cp864 ibm864 " },
	{ "CP865", " 865 cp865 ibm865 " },
	{ "CP866", " 866 cp866 csibm866 ibm866 " },
	{ "CP869", " 869 cp869 cpgr ibm869 " },
	{ "CP874",
	  " cp874 dos874 iso885911 isoir166 thai8 tis620 tis62025291 "
	  "tis6202533 tis62025330 windows874 " },
	{ "DEC-MCS", " dec decmcs " },
	{ "ECMA-CYRILLIC",
	  " csiso111ecmacyrillic ecmacyrillic isoir111 koi8e " },
	{ "EUC-TW", " cns11643 euctw " },
	{ "HP-ROMAN8", " cshproman8 hproman8 r8 roman8 " },
	{ "ISO-2022-CN-EXT", " iso2022cn iso2022cnext " },
	{ "ISO-2022-JP-3", " iso2022jp2004 iso2022jp3 " },
	{ "ISO-2022-KR", " csiso2022kr iso2022kr " },
	{ "ISO-8859-10",
	  " csisolatin6 iso885910 iso8859101992 isoir157 l6 latin6 " },
	{ "ISO-8859-13", " iso885913 l7 latin7 " },
	{ "ISO-8859-14", " iso885914 isoceltic l8 latin8 " },
	{ "ISO-8859-16", " iso885916 l10 latin10 " },
	{ "ISO-8859-3",
	  " csisolatin3 iso88593 iso885931988 isoir109 l3 latin3 " },
	{ "ISO-8859-4",
	  " csisolatin4 iso88594 iso885941988 isoir110 l4 latin4 " },
	{ "ISO-8859-5",
	  " csisolatincyrillic cyrillic iso88595 iso885951988 isoir144 " },
	{ "ISO-8859-6",
	  " arabic asmo708 csiso88596e csiso88596i csisolatinarabic ecma114 "
	  "iso88596 iso885961987 iso88596e iso88596i isoir127 " },
	{ "ISO-8859-8",
	  " csiso88598e csiso88598i csisolatinhebrew dos862x hebrew "
	  "iso88598 iso885981988 iso88598e iso88598i isoir138 logical "
	  "visual " },
	{ "JOHAB", " cp1361 johab " },
	{ "KOI8-T", " koi8t " },
	{ "KOI8-U", " koi8ru koi8u " },
	{ "MAC-CENTRALEUROPE",
	  " macce maccentraleurope xmaccentraleurroman " },
	{ "MAC-CYRILLIC", " maccyrillic macuk xmacukrainian " },
	{ "MAC-IS", " macis xmacicelandic " },
	{ "MACINTOSH", " applemac csmacintosh mac macintosh macroman " },
	{ "PT154", " cp154 csptcp154 pt154 ptcp154 " },
	{ "RK1048", " kz1048 rk1048 strk10482002 " },
	{ "TCVN", " tcvn tcvn5712 tcvn57121 xviettcvn5712 " },
	{ "UTF-7",
	  " cp65000 csunicode11utf7 unicode11utf7 unicode20utf7 utf7 " },
	{ "VISCII", " csviscii viscii viscii111 " },
	{ "WINDOWS-1253", " cp1253 windows1253 " },
	{ "WINDOWS-1255", " cp1255 windows1255 " },
	{ "WINDOWS-1256", " cp1256 windows1256 " },
	{ "WINDOWS-1257", " cp1257 windows1257 " },
	{ "WINDOWS-1258", " cp1258 windows1258 " },
};

static_assert(sizeof(charsets) / sizeof(charsets[0]) == CHARSETS,
	      "CHARSETS counts the table's rows");

static enum charset
find(const char *squeezed)
{
	for (int i = 0; i < CHARSETS; i++)
		if (strstr(charsets[i].labels, squeezed) != NULL)
			return (enum charset)i;
	return CHARSET_UNKNOWN;
}

enum charset
charset_named(struct view label)
{
	/* Its letters and digits, in lower case and between two blanks. */
	char squeezed[LONGEST_LABEL + 3] = " ";
	size_t n = 1;

	if (label.len > LONGEST_LABEL)
		return CHARSET_UNKNOWN;
	for (size_t i = 0; i < label.len; i++) {
		if (label.at[i] < ' ' || label.at[i] > '~')
			return CHARSET_UNKNOWN;
		if (ascii_is_alnum(label.at[i]))
			squeezed[n++] = ascii_lower(label.at[i]);
	}
	if (n == 1)
		return CHARSET_UNKNOWN;
	squeezed[n] = ' ';
	enum charset charset = find(squeezed);
	if (charset == CHARSET_UNKNOWN && squeezed[1] == 'x' && n > 2) {
		squeezed[1] = ' ';
		charset = find(squeezed + 1);
	}
	return charset;
}

const char *
charset_iconv_name(enum charset charset)
{
	return charset >= 0 && charset < CHARSETS ?
		       charsets[charset].iconv_name : NULL;
}

/* ---- 7-bit East Asian charsets ------------------------------------------- */

/* HZ: bit 0: between ~{ and ~}; bit 1: a tilde was seen. */
enum { HZ_WIDE = 1, HZ_TILDE = 2 };

size_t
charset_from_hz(unsigned *state, struct view bytes, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < bytes.len; i++) {
		char c = bytes.at[i];
		if ((*state & HZ_TILDE) != 0) {
			*state &= ~(unsigned)HZ_TILDE;
			if (c == '{') {
				*state |= HZ_WIDE;
			} else if (c == '}') {
				*state &= ~(unsigned)HZ_WIDE;
			} else if (c != '\n') {
				out[n++] = '~';
				if (c != '~')
					out[n++] = c;
			}
		} else if (c == '~') {
			*state |= HZ_TILDE;
		} else {
			/* A wide stretch ends with its line at the latest. */
			if (c == '\n')
				*state = 0;
			if ((*state & HZ_WIDE) != 0 && c > ' ')
				c = (char)(c | 0x80);
			out[n++] = c;
		}
	}
	return n;
}

/* JIS: the low bits name the set, the others what of an escape was seen. */
enum jis_set { JIS_ASCII, JIS_KANA, JIS_WIDE, JIS_SUPPLEMENT };
enum { JIS_SET = 3, JIS_SECOND = 4, JIS_SHIFT = 8,
       SEEN_ESC = 1, SEEN_DOLLAR = 2, SEEN_PAREN = 3, SEEN_DOLLAR_PAREN = 4 };

static size_t
put_jis(unsigned *state, char c, char *out)
{
	unsigned set = *state & JIS_SET;
	size_t n = 0;

	if (c <= ' ' || c == 0x7f || set == JIS_ASCII) {
		/* Every line begins in ASCII. */
		if (c == '\n')
			set = JIS_ASCII;
		*state = set;
		out[0] = c;
		return 1;
	}
	/* No kana there: one fault, not two. */
	if (set == JIS_KANA && c > 0x5f) {
		out[0] = (char)0xff;
		return 1;
	}
	if (set == JIS_KANA)
		out[n++] = (char)0x8e;
	if (set == JIS_SUPPLEMENT && (*state & JIS_SECOND) == 0)
		out[n++] = (char)0x8f;
	out[n++] = (char)(c | 0x80);
	if (set != JIS_KANA)
		*state ^= JIS_SECOND;
	return n;
}

size_t
charset_from_jis(unsigned *state, struct view bytes, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < bytes.len; i++) {
		char c = bytes.at[i];
		unsigned was = *state / JIS_SHIFT, seen = 0;
		unsigned set = *state & JIS_SET;
		if (c != '\x1b' && was == 0) {
			n += put_jis(state, c, out + n);
			continue;
		}
		if (c == '\x1b')
			seen = SEEN_ESC;
		else if (was == SEEN_ESC)
			seen = c == '$' ? SEEN_DOLLAR :
			       c == '(' ? SEEN_PAREN : 0;
		else if (was == SEEN_DOLLAR && c == '(')
			seen = SEEN_DOLLAR_PAREN;
		else if (was == SEEN_PAREN)
			set = c == 'I' ? JIS_KANA : JIS_ASCII;
		else
			set = was == SEEN_DOLLAR_PAREN && c == 'D'
				      ? JIS_SUPPLEMENT : JIS_WIDE;
		*state = set + seen * JIS_SHIFT;
	}
	return n;
}
