/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the database said when it did not do as it was told. */
#include "store/fault.h"

#include <stdarg.h>
#include <stdio.h>

void
fault_set(struct store_fault *f, int error, const char *format, ...)
{
	va_list args;

	f->error = error;
	va_start(args, format);
	vsnprintf(f->text, sizeof(f->text), format, args);
	va_end(args);
}
