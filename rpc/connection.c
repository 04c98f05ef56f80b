/* SPDX-License-Identifier: BSD-2-Clause */
#include "rpc/connection.h"

#include "base/err.h"
#include "rpc/call.h"
#include "rpc/serve.h"
#include "troupe/memory.h"

#include <errno.h>
#include <unistd.h>

/* ---- writing ------------------------------------------------------------- */

enum { SMALL = 1024 }; /* composed on the stack */

troupe_err
tp_rpc_connection_write(struct troupe_self *self, const uint8_t *head,
    size_t head_size, const uint8_t *body, size_t body_size)
{
    uint8_t small[SMALL];
    uint8_t *bytes = small;
    troupe_err err;

    if (head_size + body_size > SMALL) {
        bytes = troupe_alloc(self, head_size + body_size);
    }
    if (bytes == NULL) {
        return TROUPE_E_NO_MEMORY;
    }
    memcpy(bytes, head, head_size);
    if (body_size > 0) {
        memcpy(bytes + head_size, body, body_size);
    }
    err = troupe_net_write(self, bytes, head_size + body_size);
    if (bytes != small) {
        troupe_free(self, bytes);
    }
    return err;
}

void
tp_rpc_connection_refuse(struct troupe_self *self, const uint32_t *id,
    uint32_t code, const char *text, uint64_t retry_ms)
{
    const struct tp_rpc_error error = {code, troupe_str_of(text), retry_ms};
    uint8_t bytes[SMALL];
    troupe_err err = TROUPE_E_WRITE_FULL;

    if (tp_rpc_error_size_max(&error) <= sizeof(bytes)) {
        err = troupe_net_write(
            self, bytes, (size_t)(tp_rpc_error_put(bytes, id, &error) - bytes));
    }
    if (err != TROUPE_OK && err != TROUPE_E_NOT_CONNECTED) {
        troupe_fail(self, ENOBUFS, "an answer cannot be written: %s",
            troupe_err_text(err));
    }
}

void
tp_rpc_connection_close(
    struct troupe_self *self, struct tp_rpc_connection *connection)
{
    connection->is_closing = true;
    if (troupe_net_close(self) != TROUPE_OK) {
        (void)troupe_stop(self, troupe_self_pid(self)); /* it has no socket */
    }
}

/* ---- reading ------------------------------------------------------------- */

static void
refuse_fault(struct troupe_self *self, struct tp_rpc_connection *connection,
    const uint32_t *id)
{
    char text[512];

    snprintf(text, sizeof(text), "%s", troupe_err_detail());
    tp_rpc_connection_refuse(self, id, TP_RPC_BAD_PARAMETERS, text, 0);
    tp_rpc_connection_close(self, connection);
}

static void
take(struct troupe_self *self, struct tp_rpc_connection *connection,
    struct troupe_raw value)
{
    struct tp_rpc_message message;

    if (tp_rpc_message_read(value.data, value.size, &message) != TROUPE_OK) {
        refuse_fault(self, connection,
            message.kind == TP_RPC_REQUEST && message.has_id ? &message.id
                                                             : NULL);
    } else if (message.kind == TP_RPC_RESPONSE) {
        tp_rpc_call_answered(self, connection, &message);
    } else {
        tp_rpc_serve(self, connection, &message);
    }
}

/* All that may be handled now. What is left is kept. */
static void
read_on(struct troupe_self *self, struct tp_rpc_connection *connection)
{
    const struct tp_rpc_settings *settings = &connection->settings;
    enum tp_rpc_read read = TP_RPC_READ_VALUE;
    struct troupe_raw value;

    while (read == TP_RPC_READ_VALUE && !connection->is_closing &&
           connection->in_flight < settings->requests_max) {
        read = tp_rpc_reader_next(
            self, &connection->reader, &settings->bounds, &value);
        if (read == TP_RPC_READ_VALUE) {
            take(self, connection, value);
        }
    }
    connection->is_full = read == TP_RPC_READ_VALUE;
    if (read == TP_RPC_READ_FAULT) {
        refuse_fault(self, connection, NULL);
    } else if (read == TP_RPC_READ_NO_MEMORY ||
               !tp_rpc_reader_keep(self, &connection->reader)) {
        troupe_fail(self, ENOMEM, "no memory for what has been read");
    }
}

/* The peer has said all, and all is answered. */
static void
end_if_done(struct troupe_self *self, struct tp_rpc_connection *connection)
{
    if (connection->has_ended && connection->in_flight == 0 &&
        !connection->is_full && !connection->is_closing) {
        tp_rpc_connection_close(self, connection);
    }
}

void
tp_rpc_connection_go_on(
    struct troupe_self *self, struct tp_rpc_connection *connection)
{
    if (connection->is_full &&
        connection->in_flight <= connection->settings.requests_max / 2) {
        read_on(self, connection);
        if (!connection->is_full) {
            (void)troupe_net_resume(self);
        }
    }
    end_if_done(self, connection);
}

static void
on_bytes(
    struct troupe_self *self, void *state, const struct troupe_net_bytes *got)
{
    struct tp_rpc_connection *connection = state;

    if (connection->is_closing) {
        return;
    }
    tp_rpc_reader_give(&connection->reader, got->bytes.data, got->bytes.size);
    read_on(self, connection);
    if (connection->is_full) {
        (void)troupe_net_pause(self);
    }
}

/* ---- its life ------------------------------------------------------------ */

/* Whose process has come through a Unix socket? */
static void
on_opened(struct troupe_self *self, void *state,
    const struct troupe_net_opened *opened)
{
    struct tp_rpc_connection *connection = state;
    struct troupe_net_credentials peer;
    char text[128];

    (void)opened;
    if (connection->settings.allow_other_users ||
        troupe_net_credentials_of_peer(self, &peer) != TROUPE_OK ||
        peer.uid == geteuid() || peer.uid == 0) {
        return;
    }
    snprintf(text, sizeof(text),
        "this is the socket of user %u, and you are user %u",
        (unsigned)geteuid(), (unsigned)peer.uid);
    tp_rpc_connection_refuse(self, NULL, TP_RPC_UNAUTHORIZED, text, 0);
    tp_rpc_connection_close(self, connection);
}

static void
on_ended(
    struct troupe_self *self, void *state, const struct troupe_net_ended *ended)
{
    struct tp_rpc_connection *connection = state;

    (void)ended;
    connection->has_ended = true;
    end_if_done(self, connection);
}

#define CONNECTION_LINES                                                       \
    TROUPE_ON(troupe_net_bytes, on_bytes),                                     \
        TROUPE_ON(troupe_net_ended, on_ended),                                 \
        TROUPE_ON(troupe_rpc_call, tp_rpc_on_call),                            \
        TROUPE_ON_ANY(tp_rpc_on_any)

TROUPE_BEHAVIOUR(tp_rpc_accepted, sizeof(struct tp_rpc_connection),
    TROUPE_ON(troupe_net_opened, on_opened), CONNECTION_LINES);

troupe_err
troupe_rpc_listen(struct troupe_self *self, const char *address,
    const struct troupe_rpc_options *options)
{
    struct tp_rpc_connection connection = {.in_flight = 0};
    troupe_err err = tp_rpc_settings_read(options, &connection.settings);

    if (err == TROUPE_OK) {
        err = tp_rpc_settings_check_address(options, address);
    }
    if (err != TROUPE_OK) {
        return err;
    }
    connection.is_let_in = connection.settings.token == NULL;
    return troupe_net_listen(self, address,
        TROUPE_NET_LISTEN(.behaviour = &tp_rpc_accepted_behaviour,
            .spawn = &TROUPE_SPAWN_OPTIONS(.state = &connection),
            .connection = options == NULL ? NULL : options->connection,
            .connections_max = options == NULL ? 0 : options->connections_max,
            .mode = connection.settings.allow_other_users ? 0666 : 0));
}

/* ---- who connects -------------------------------------------------------- */

struct client {
    struct tp_rpc_connection connection; /* first: its handlers are these */
    struct troupe_net_options net;
    char address[TROUPE_NET_ADDRESS_MAX];
};

static void
on_client_start(struct troupe_self *self, void *state)
{
    struct client *client = state;

    if (troupe_net_connect(self, client->address, &client->net) != TROUPE_OK) {
        troupe_fail(self, EINVAL, "%s", troupe_err_detail());
    } else if (client->connection.settings.token != NULL) {
        tp_rpc_call_auth(self, &client->connection);
    }
}

TROUPE_BEHAVIOUR(tp_rpc_client, sizeof(struct client),
    TROUPE_ON_START(on_client_start), CONNECTION_LINES);

troupe_err
troupe_rpc_connect(struct troupe_self *self, const char *address,
    const struct troupe_rpc_options *options, troupe_pid *connection)
{
    struct client client = {.net = troupe_net_options_default()};
    troupe_err err = tp_rpc_settings_read(options, &client.connection.settings);

    if (err != TROUPE_OK) {
        return err;
    }
    if (strlen(address) >= sizeof(client.address)) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "the address has %zu bytes, and %zu at most", strlen(address),
            sizeof(client.address) - 1);
    }
    if (options != NULL && options->connection != NULL) {
        client.net = *options->connection;
    }
    client.connection.is_let_in = true;
    snprintf(client.address, sizeof(client.address), "%s", address);
    return troupe_spawn_with(self, tp_rpc_client,
        (&TROUPE_SPAWN_OPTIONS(.state = &client,
            .link = options != NULL && options->link)),
        connection);
}
