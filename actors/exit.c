/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/exit.h"

#include "actors/self.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

struct tp_exit_text {
    /*
     * Copies of the exit. Raised by who holds one, dropped by any thread; the
     * drop releases what the holder read, and the last one acquires it all.
     * Read by its drops alone, so never stale.
     */
    uint32_t copies_count;
    char text[TROUPE_EXIT_TEXT_MAX + 1];
};

static unsigned
size_class(void)
{
    return tp_block_class_of(sizeof(struct tp_exit_text));
}

void
tp_exit_print_text(struct troupe_self *self, struct tp_exit *why,
    const char *format, va_list arguments)
{
    struct tp_exit_text *made =
        tp_block_take(&self->blocks, size_class(), sizeof(struct tp_exit_text));

    if (made == NULL) {
        return; /* kind and code must do */
    }
    made->copies_count = 1;
    (void)vsnprintf(made->text, sizeof(made->text), format, arguments);
    why->text = made;
}

struct tp_exit
tp_exit_share(const struct tp_exit *why)
{
    if (why->text != NULL) {
        ck_pr_inc_32(&why->text->copies_count);
    }
    return *why;
}

void
tp_exit_release(struct troupe_self *self, struct tp_exit *why)
{
    struct tp_exit_text *text = why->text;

    memset(why, 0, sizeof(*why));
    if (text == NULL) {
        return;
    }
    ck_pr_fence_release();
    if (ck_pr_faa_32(&text->copies_count, UINT32_MAX) == 1) {
        ck_pr_fence_acquire();
        tp_block_give(&self->blocks, size_class(), text);
    }
}

struct troupe_exit
tp_exit_view(const struct tp_exit *why)
{
    return (struct troupe_exit){
        .kind = (enum troupe_exit_kind)why->kind,
        .code = why->code,
        .signal = why->signal,
        .address = why->address,
        .text = why->text == NULL ? "" : why->text->text,
    };
}

static const char *
kind_text(enum troupe_exit_kind kind)
{
    switch (kind) {
#define X(name, text)                                                          \
    case TROUPE_EXIT_##name:                                                   \
        return text;
        TROUPE_EXIT_MAP(X)
#undef X
    }
    return "ended";
}

size_t
troupe_exit_print(char *out, size_t size, const struct troupe_exit *why)
{
    const char *kind = kind_text(why->kind);
    const char *colon = why->text[0] == '\0' ? "" : ": ";
    int length;

    if (why->kind == TROUPE_EXIT_FAILED) {
        length = snprintf(out, size, "%s with code %d%s%s", kind, why->code,
            colon, why->text);
    } else if (why->kind == TROUPE_EXIT_CRASHED) {
        length = snprintf(out, size, "%s: SIG%s at 0x%" PRIx64 "%s%s", kind,
            sigabbrev_np(why->signal), why->address, colon, why->text);
    } else {
        length = snprintf(out, size, "%s%s%s", kind, colon, why->text);
    }
    return length < 0 ? 0 : (size_t)length;
}
