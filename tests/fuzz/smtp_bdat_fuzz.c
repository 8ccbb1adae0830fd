/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chunks, and what may stand between them (RFC 3030): the client has named
 * its recipient already. */
#include "support/smtp_replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char binary[] = "EHLO c.example\r\n"
		"MAIL FROM:<a@b.example> BODY=BINARYMIME\r\n"
		"RCPT TO:<postmaster>\r\n";
	static const char text[] = "EHLO c.example\r\n"
		"MAIL FROM:<a@b.example>\r\n"
		"RCPT TO:<postmaster>\r\n";

	if (size < 5)
		return 0;
	return replay_compare(data, size, data[3] & 2 ? binary : text);
}
