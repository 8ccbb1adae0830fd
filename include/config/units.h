/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers with units, as the configuration writes them. Decimal only; signs,
 * blanks and fractions are refused. */
#ifndef CONFIG_UNITS_H
#define CONFIG_UNITS_H

#include "base/view.h"

#include <stdint.h>

enum { UNITS_SIZE = 32 };

/* A plain number: 010 is ten. False, *out untouched, for anything else. */
bool count_parse(struct view text, int64_t *out);

/* Bytes: a number with K, M or G of 1024. */
bool size_parse(struct view text, int64_t *bytes_out);
const char *size_print(int64_t bytes, char out[UNITS_SIZE]);

/* Milliseconds: a number with s, m, h or d; plain ones are seconds. */
bool duration_parse(struct view text, int64_t *ms_out);
const char *duration_print(int64_t ms, char out[UNITS_SIZE]);

/* true, yes, on; false, no, off; in any case. */
bool flag_parse(struct view text, bool *out);

/* A mode: octal digits. */
bool mode_parse(struct view text, int64_t *out);

/* A decimal number that may have a sign and a fraction. */
bool score_parse(struct view text, double *out);

#endif
