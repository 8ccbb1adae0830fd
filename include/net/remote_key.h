/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private keys that are somewhere else. */
#ifndef NET_REMOTE_KEY_H
#define NET_REMOTE_KEY_H

#include "net/signing.h"

struct evp_pkey_st;

/* A key whose public half is here: signatures are asked of c, which must
 * outlive it, as those of the number-th certificate. Freed with
 * EVP_PKEY_free; NULL where there is no such kind of key. */
struct evp_pkey_st *remote_key_new(struct evp_pkey_st *public_half,
				   struct signing_client *c, uint32_t number);

#endif
