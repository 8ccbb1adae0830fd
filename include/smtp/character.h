/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Characters that may stand in an address or a header (RFC 6532 3.1). */
#ifndef SMTP_CHARACTER_H
#define SMTP_CHARACTER_H

#include "base/view.h"

/* Bytes of the character at the front of v; 0 where there is none that is
 * well-formed UTF-8, or where it is a control character (C0, DEL, C1). */
size_t character_len(struct view v);

bool character_all_ascii(struct view v);

#endif
