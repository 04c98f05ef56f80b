/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packed json: a JSON value as MessagePack, and back.
 *
 * All of JSON has its like in MessagePack. The other way some has not, and is
 * told as what a reader of JSON knows: bytes as text, a key of a map that is no
 * text as its JSON, an extension or text that is no UTF-8 as hexadecimal digits
 * behind 0x. Whole numbers above 2^63 - 1 become ones with a fraction.
 *
 *     every function    any thread; touches only what it is given
 */
#ifndef TROUPE_BANK_CALL_PACKED_JSON_H
#define TROUPE_BANK_CALL_PACKED_JSON_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

/* Writes the value's bytes. What goes wrong is an error of the stream. */
void bank_packed_json_write(const json_t *json, FILE *stream);

/* The first value in the bytes, which are whole and nest within the bounds of
 * the scan. NULL: out of memory. */
json_t *bank_packed_json_read(const uint8_t *bytes, size_t size);

#endif
