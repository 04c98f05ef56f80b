/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

enum { DETAIL_BYTES_MAX = 256 };

static _Thread_local char detail[DETAIL_BYTES_MAX];

const char *
troupe_err_text(troupe_err err)
{
    switch (err) {
    case TROUPE_OK:
        return "success";
#define X(name, text)                                                          \
    case TROUPE_E_##name:                                                      \
        return text;
        TROUPE_ERR_MAP(X)
#undef X
    }
    return "unknown error";
}

const char *
troupe_err_name(troupe_err err)
{
    switch (err) {
    case TROUPE_OK:
        return "OK";
#define X(name, text)                                                          \
    case TROUPE_E_##name:                                                      \
        return #name;
        TROUPE_ERR_MAP(X)
#undef X
    }
    return "UNKNOWN";
}

const char *
troupe_err_detail(void)
{
    return detail;
}

troupe_err
tp_err_set(troupe_err err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(detail, sizeof(detail), format, args);
    va_end(args);
    return err;
}
