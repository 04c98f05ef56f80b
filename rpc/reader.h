/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reader: the values in a stream of bytes that comes in pieces.
 *
 * Each piece is given as a view, and whole values in it are handed out as views
 * into it: nothing is copied. Of a value that is cut, what is there is kept, in
 * memory of the actor; the next pieces add to it just what the value still
 * needs, and the scan goes on where it stood, so that a value that arrives byte
 * by byte costs no more than one that arrives at once. Who wants no more values
 * for now keeps the rest in the same way. With nothing kept there is no memory:
 * an idle connection has none.
 *
 *     give a piece --> next, next, ... WAITS --> keep
 *
 * So never more is kept than one value of the size allowed and one piece.
 *
 * All functions are for the handlers of the actor that the reader belongs to.
 */
#ifndef TROUPE_RPC_READER_H
#define TROUPE_RPC_READER_H

#include "mailbox/scan.h"
#include "troupe/actor.h"

#include <stdbool.h>

struct tp_rpc_kept;

/* Zeroed memory is an empty one. */
struct tp_rpc_reader {
    struct tp_rpc_kept *kept; /* NULL: nothing */
    const uint8_t *given;     /* good until its handler returns */
    size_t given_count;
};

enum tp_rpc_read {
    TP_RPC_READ_VALUE,
    TP_RPC_READ_WAITS,     /* for more bytes */
    TP_RPC_READ_FAULT,     /* what follows is none in bounds; see the detail */
    TP_RPC_READ_NO_MEMORY, /* to keep what there is */
};

void tp_rpc_reader_give(
    struct tp_rpc_reader *reader, const uint8_t *bytes, size_t count);

/* The next whole value; good until the next call, or the handler's end. */
enum tp_rpc_read tp_rpc_reader_next(struct troupe_self *self,
    struct tp_rpc_reader *reader, const struct tp_scan_bounds *bounds,
    struct troupe_raw *value);

/* What is left of the piece is kept. False: no memory, and it is lost. */
TROUPE_MUST_USE bool tp_rpc_reader_keep(
    struct troupe_self *self, struct tp_rpc_reader *reader);

#endif
