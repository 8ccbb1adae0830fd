/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The whole conversation: four bytes of settings, then what a client sends. */
#include "support/smtp_replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return replay_compare(data, size, "");
}
