/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * number: whole numbers and decimals as people write and read them.
 *
 *     every function    any thread
 */
#ifndef TROUPE_CLI_NUMBER_H
#define TROUPE_CLI_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for any uint64_t with its commas and the final zero byte. */
enum { CLI_NUMBER_SIZE = 27 };

/* A decimal option value is kept in millionths: 1.5 is 1,500,000. */
enum { CLI_MILLION = 1000000 };

/* Writes 1234567 as 1,234,567 into text and returns text. */
const char *cli_number_format(char text[CLI_NUMBER_SIZE], uint64_t number);

/* True: text is a whole number that fits, now in *number. */
bool cli_number_parse(const char *text, int64_t *number);

/*
 * True: text is a decimal with at most six places that fits, now in *millionths
 * to the last digit. No floating point, so the same on every machine.
 */
bool cli_number_parse_decimal(const char *text, int64_t *millionths);

#endif
