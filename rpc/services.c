/* SPDX-License-Identifier: BSD-2-Clause */
#include "rpc/services.h"

#include "base/err.h"
#include <string.h>

/* ---- finding ------------------------------------------------------------- */

static bool
is_text(const char *text, const char *bytes, size_t count)
{
    return strlen(text) == count && memcmp(text, bytes, count) == 0;
}

/* What comes before the last dot is the service's. */
static size_t
service_length(struct troupe_str method)
{
    size_t length = method.length;

    while (length > 0 && method.data[length - 1] != '.') {
        length--;
    }
    return length == 0 ? 0 : length - 1;
}

static const struct troupe_rpc_method *
find_method(
    const struct troupe_rpc_service *service, const char *name, size_t length)
{
    for (size_t i = 0; i < service->methods_count; i++) {
        if (is_text(service->methods[i].call->name, name, length)) {
            return &service->methods[i];
        }
    }
    return NULL;
}

const struct troupe_rpc_method *
tp_rpc_service_find(
    const struct troupe_rpc_service *service, const char *message)
{
    return find_method(service, message, strlen(message));
}

static const struct troupe_rpc_service *
find_service(
    const struct tp_rpc_services *services, const char *name, size_t length)
{
    for (size_t i = 0; i < services->count; i++) {
        if (is_text(services->items[i].name, name, length)) {
            return &services->items[i];
        }
    }
    return NULL;
}

const struct troupe_rpc_method *
tp_rpc_services_find(const struct tp_rpc_services *services,
    struct troupe_str method, const struct troupe_rpc_service **service)
{
    size_t length = service_length(method);

    if (length == 0) {
        return NULL;
    }
    *service = find_service(services, method.data, length);
    return *service == NULL ? NULL
                            : find_method(*service, method.data + length + 1,
                                  method.length - length - 1);
}

const struct troupe_rpc_service *
tp_rpc_services_named(
    const struct tp_rpc_services *services, struct troupe_str name)
{
    return find_service(services, name.data, name.length);
}

troupe_err
tp_rpc_services_check(const struct tp_rpc_services *services)
{
    if (services->count > 0 && services->items == NULL) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "services_count is %zu, and services is NULL", services->count);
    }
    for (size_t i = 0; i < services->count; i++) {
        const char *name = services->items[i].name;

        if (name == NULL || name[0] == '\0' || strcmp(name, "troupe") == 0) {
            return tp_err_set(TROUPE_E_INVALID_ARGUMENT, "service %zu has %s",
                i + 1,
                name == NULL || name[0] == '\0'
                    ? "no name"
                    : "the name \"troupe\", which each server has for itself");
        }
        if (find_service(services, name, strlen(name)) != &services->items[i]) {
            return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
                "two services have the name \"%.64s\"", name);
        }
    }
    return TROUPE_OK;
}
