/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Planted: the scan of a value that came in pieces is not begun anew for the
 * next one that is kept.
 */
#define tp_rpc_reader_next next_that_ships
#include "rpc/reader.c"
#undef tp_rpc_reader_next

enum tp_rpc_read
tp_rpc_reader_next(struct troupe_self *self, struct tp_rpc_reader *reader,
    const struct tp_scan_bounds *bounds, struct troupe_raw *value)
{
    enum tp_rpc_read read = next_that_ships(self, reader, bounds, value);

    if (read == TP_RPC_READ_VALUE && reader->kept != NULL) {
        reader->kept->is_scanning = true;
    }
    return read;
}

#include "tests/fuzz/fuzz_reader.c"
