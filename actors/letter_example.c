/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/letter_example.h"

#include "mailbox/printed_form.h"

#include <ck_pr.h>
#include <string.h>

enum {
    TRIES_MAX = 100,
    TEXT_BYTES = TROUPE_DEAD_LETTER_TEXT_BYTES,
    /* In schema_and_size, of a letter without a payload. */
    NO_PAYLOAD = 0xffff,
};

static uint64_t
size_kept(const struct tp_dead_letter *letter)
{
    if (letter->payload == NULL) {
        return NO_PAYLOAD;
    }
    return letter->payload_size < TP_LETTER_EXAMPLE_BYTES
               ? letter->payload_size
               : TP_LETTER_EXAMPLE_BYTES;
}

static void
store_payload(
    struct tp_letter_example *example, const uint8_t *payload, size_t size)
{
    for (size_t at = 0; at < size; at += 8) {
        uint64_t word = 0;

        memcpy(&word, payload + at, size - at < 8 ? size - at : 8);
        ck_pr_store_64(&example->payload[at / 8], word);
    }
}

bool
tp_letter_example_try_write(
    struct tp_letter_example *example, const struct tp_dead_letter *letter)
{
    uint64_t sequence = ck_pr_load_64(&example->sequence);
    uint64_t size = size_kept(letter);

    if ((sequence & 1) != 0 || !ck_pr_cas_64_value(&example->sequence, sequence,
                                   sequence + 1, &sequence)) {
        return false;
    }
    /* Odd before the words, and the words before even: pair with the two load
     * fences of try_copy(). */
    ck_pr_fence_store();
    ck_pr_store_64(&example->receiver, letter->receiver);
    ck_pr_store_64(&example->sender, letter->sender);
    ck_pr_store_64(
        &example->schema_and_size, (uint64_t)letter->schema << 32 | size);
    if (size != NO_PAYLOAD) {
        store_payload(example, letter->payload, size);
    }
    ck_pr_fence_store();
    ck_pr_store_64(&example->sequence, sequence + 2);
    return true;
}

/* The words as they are just now. */
static void
load(const struct tp_letter_example *example, struct tp_letter_copy *copy)
{
    uint64_t schema_and_size = ck_pr_load_64(&example->schema_and_size);
    size_t size = schema_and_size & 0xffffffff;

    copy->letter = (struct tp_dead_letter){
        .schema = (uint32_t)(schema_and_size >> 32),
        .receiver = ck_pr_load_64(&example->receiver),
        .sender = ck_pr_load_64(&example->sender),
    };
    if (size == NO_PAYLOAD) {
        return;
    }
    copy->letter.payload = copy->bytes;
    copy->letter.payload_size = size;
    for (size_t at = 0; at < size; at += 8) {
        uint64_t word = ck_pr_load_64(&example->payload[at / 8]);

        memcpy(copy->bytes + at, &word, size - at < 8 ? size - at : 8);
    }
}

static bool
try_copy(const struct tp_letter_example *example, uint64_t sequence,
    struct tp_letter_copy *copy)
{
    if ((sequence & 1) != 0) {
        return false;
    }
    ck_pr_fence_load();
    load(example, copy);
    ck_pr_fence_load();
    return ck_pr_load_64(&example->sequence) == sequence;
}

bool
tp_letter_example_try_read(
    const struct tp_letter_example *example, struct tp_letter_copy *copy)
{
    for (int i = 0; i < TRIES_MAX; i++) {
        uint64_t sequence = ck_pr_load_64(&example->sequence);

        if (sequence == 0) {
            return false;
        }
        if (try_copy(example, sequence, copy)) {
            return true;
        }
    }
    return false;
}

/* Ends the text in "...", and not in the middle of a character. */
static size_t
shorten(char *out)
{
    size_t length = TEXT_BYTES - sizeof("...");

    while (length > 0 && ((uint8_t)out[length] & 0xc0) == 0x80) {
        length--;
    }
    memcpy(out + length, "...", sizeof("..."));
    return length + 3;
}

size_t
tp_letter_example_print(char *out, const struct tp_dead_letter *letter)
{
    size_t length;

    out[0] = '\0';
    if (letter->payload == NULL) {
        return 0;
    }
    length = tp_printed_form_write(
        out, TEXT_BYTES, letter->schema, letter->payload, letter->payload_size);
    return length < TEXT_BYTES ? length : shorten(out);
}
