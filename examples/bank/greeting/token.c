/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/greeting/token.h"

#include "examples/bank/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* So that one that is too long is known as one: its line may end by CR LF. */
enum { READ_MAX = BANK_TOKEN_LENGTH_MAX + 3 };

static bool
complain(const char *file, const char *what)
{
    fprintf(stderr, "troupe-bank: --token-file: %s %s\n", file, what);
    return false;
}

static bool
read_file(const char *file, char bytes[READ_MAX], size_t *length)
{
    FILE *stream = fopen(file, "rb");
    bool is_read = stream != NULL;

    if (is_read) {
        *length = fread(bytes, 1, READ_MAX, stream);
        is_read = !ferror(stream);
    }
    if (!is_read) {
        fprintf(stderr, "troupe-bank: --token-file: %s cannot be read: %s\n",
            file, strerror(errno));
    }
    if (stream != NULL) {
        (void)fclose(stream);
    }
    return is_read;
}

static size_t
without_end_of_line(const char *bytes, size_t length)
{
    if (length > 0 && bytes[length - 1] == '\n') {
        length--;
        if (length > 0 && bytes[length - 1] == '\r') {
            length--;
        }
    }
    return length;
}

static bool
is_line(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)bytes[i] < ' ' || bytes[i] == 0x7f) {
            return false;
        }
    }
    return bank_utf8_is_valid(bytes, length);
}

bool
bank_token_read(struct bank_token *token, const char *file)
{
    char bytes[READ_MAX];
    size_t length;

    token->text[0] = '\0';
    if (file == NULL) {
        return true;
    }
    if (!read_file(file, bytes, &length)) {
        return false;
    }
    length = without_end_of_line(bytes, length);
    if (length == 0) {
        return complain(file, "is empty; it has to hold the token");
    }
    if (length > BANK_TOKEN_LENGTH_MAX) {
        return complain(file, "is too long; a token has at most 1024 bytes");
    }
    if (!is_line(bytes, length)) {
        return complain(
            file, "has to hold the token alone, as one line of UTF-8");
    }
    memcpy(token->text, bytes, length);
    token->text[length] = '\0';
    return true;
}
