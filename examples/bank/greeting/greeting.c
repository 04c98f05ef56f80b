/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/greeting/greeting.h"

#include "net/address.h"
#include "rpc/message.h"
#include "troupe/tls.h"

#include <stdio.h>
#include <string.h>

static void
make_request(struct bank_greeting *greeting, const char *token)
{
    uint8_t *at = tp_rpc_request_head_put(
        greeting->request, BANK_GREETING_ID, troupe_str_of("troupe.auth"));

    at = troupe_wire_put_array_header(at, 1);
    at = troupe_wire_put_str(at, troupe_str_of(token));
    greeting->size = (size_t)(at - greeting->request);
}

static bool
is_address(const char *text)
{
    struct tp_address address;

    if (tp_address_read(text, &address) != TROUPE_OK) {
        fprintf(stderr, "troupe-bank: --connect: %s\n", troupe_err_detail());
        return false;
    }
    return true;
}

static bool
trust(struct bank_greeting *greeting, const char *address,
    const char *tls_authority)
{
    if (strncmp(address, "unix:", strlen("unix:")) == 0) {
        fputs("troupe-bank: --tls-authority: there is no certificate for a "
              "Unix socket, and no need for one\n",
            stderr);
        return false;
    }
    if (troupe_tls_create_client(tls_authority, &greeting->tls) != TROUPE_OK) {
        fprintf(
            stderr, "troupe-bank: --tls-authority: %s\n", troupe_err_detail());
        return false;
    }
    return true;
}

bool
bank_greeting_init(struct bank_greeting *greeting, const char *address,
    const char *token_file, const char *tls_authority)
{
    struct bank_token token;

    greeting->tls = NULL;
    greeting->size = 0;
    if (!is_address(address) || !bank_token_read(&token, token_file)) {
        return false;
    }
    if (token.text[0] != '\0') {
        make_request(greeting, token.text);
    }
    return tls_authority == NULL || trust(greeting, address, tls_authority);
}

void
bank_greeting_fini(struct bank_greeting *greeting)
{
    troupe_tls_destroy(&greeting->tls);
}

const char *
bank_greeting_hint(const struct bank_greeting *greeting)
{
    return greeting->tls != NULL
               ? "; is the server running, and is this its address?"
               : "; is the server running, and is this its address? If it "
                 "speaks TLS, --tls-authority says whom to trust";
}

const char *
bank_greeting_remedy(uint32_t code)
{
    return code == TP_RPC_UNAUTHORIZED
               ? "; --token-file says which file holds the token"
               : "";
}
