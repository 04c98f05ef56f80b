/* SPDX-License-Identifier: BSD-2-Clause */
#include "rpc/introspection.h"

#include "actors/pid_text.h"
#include "troupe/memory.h"
#include "troupe/name.h"

#include <inttypes.h>
#include <stdio.h>

/* A value that grows. */
struct account {
    struct troupe_self *self;
    uint8_t *bytes; /* NULL once there was no memory */
    size_t size;
    size_t capacity;
};

enum { CAPACITY_MIN = 512 };

static void
begin(struct account *account, struct troupe_self *self)
{
    account->self = self;
    account->size = 0;
    account->capacity = CAPACITY_MIN;
    account->bytes = troupe_alloc(self, account->capacity);
}

/* Room for count bytes more; NULL: there is no memory. */
static uint8_t *
make_room(struct account *account, size_t count)
{
    uint8_t *bytes = account->bytes;

    if (bytes != NULL && account->capacity - account->size < count) {
        account->capacity = 2 * account->capacity + count;
        bytes = troupe_realloc(account->self, bytes, account->capacity);
        if (bytes == NULL) {
            troupe_free(account->self, account->bytes);
        }
        account->bytes = bytes;
    }
    return bytes == NULL ? NULL : bytes + account->size;
}

static void
end_at(struct account *account, const uint8_t *end)
{
    account->size = (size_t)(end - account->bytes);
}

static void
put_byte(struct account *account, uint8_t byte)
{
    uint8_t *out = make_room(account, 1);

    if (out != NULL) {
        *out = byte;
        account->size++;
    }
}

/* At most 15 pairs. */
static void
put_map_header(struct account *account, uint8_t pairs_count)
{
    put_byte(account, 0x80 | pairs_count);
}

static void
put_array_header(struct account *account, size_t count)
{
    uint8_t *out =
        make_room(account, troupe_wire_size_array_header((uint32_t)count));

    if (out != NULL) {
        end_at(account, troupe_wire_put_array_header(out, (uint32_t)count));
    }
}

static void
put_text(struct account *account, const char *text)
{
    struct troupe_str str = troupe_str_of(text);
    uint8_t *out = make_room(account, troupe_wire_size_str(str));

    if (out != NULL) {
        end_at(account, troupe_wire_put_str(out, str));
    }
}

static void
put_entry(struct account *account, const char *key, const char *text)
{
    put_text(account, key);
    put_text(account, text);
}

static void
put_fields(struct account *account, const struct troupe_schema *schema)
{
    put_array_header(account, schema->fields_count);
    for (uint32_t i = 0; i < schema->fields_count; i++) {
        put_map_header(account, 2);
        put_entry(account, "name", schema->fields[i].name);
        put_entry(account, "type", troupe_type_name(schema->fields[i].type));
    }
}

static void
put_method(struct account *account, const struct troupe_rpc_method *method)
{
    put_map_header(account, 3);
    put_entry(account, "name", method->call->name);
    put_text(account, "params");
    put_fields(account, method->call);
    put_text(account, "result");
    put_fields(account, method->answer);
}

uint8_t *
tp_rpc_description(struct troupe_self *self,
    const struct tp_rpc_services *services, size_t *size)
{
    struct account account;

    begin(&account, self);
    put_array_header(&account, services->count);
    for (size_t i = 0; i < services->count; i++) {
        const struct troupe_rpc_service *service = &services->items[i];

        put_map_header(&account, 2);
        put_entry(&account, "name", service->name);
        put_text(&account, "methods");
        put_array_header(&account, service->methods_count);
        for (size_t k = 0; k < service->methods_count; k++) {
            put_method(&account, &service->methods[k]);
        }
    }
    *size = account.size;
    return account.bytes;
}

static void
put_holder(struct account *account, troupe_pid holder)
{
    char text[TP_PID_TEXT_BYTES];

    if (holder == TROUPE_NO_PID) {
        put_byte(account, 0xc0); /* nil */
        return;
    }
    put_text(account, tp_pid_text(text, holder));
}

uint8_t *
tp_rpc_actors(struct troupe_self *self, const struct tp_rpc_services *services,
    size_t *size)
{
    struct account account;

    begin(&account, self);
    put_array_header(&account, services->count);
    for (size_t i = 0; i < services->count; i++) {
        put_map_header(&account, 2);
        put_entry(&account, "name", services->items[i].name);
        put_text(&account, "actor");
        put_holder(&account, troupe_whereis(self, services->items[i].name));
    }
    *size = account.size;
    return account.bytes;
}
