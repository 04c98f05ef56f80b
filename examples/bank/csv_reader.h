/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * csv_reader: the records of a CSV file, one at a time, and where each field
 * begins.
 *
 * libcsv parses (RFC 4180, strictly; spaces belong to fields) but knows no
 * lines, no columns and no comments. So the file is handed to it line by line:
 * a line that begins with # where a record would begin is a comment, and the
 * bytes of the record in hand stay in the buffer. A position is wanted only
 * when there is something to say about it; then those bytes are parsed once
 * more, byte by byte, up to the field in question. The many good records pay
 * nothing for it.
 *
 * Lines end with LF or CRLF, the last one with the file too. Blank lines and a
 * byte order mark are skipped. A record, with the line breaks inside its
 * quotes, has at most BANK_CSV_RECORD_MAX bytes: without a limit a missing
 * quotation mark would take the rest of the file into memory.
 *
 *     every function    one thread a reader
 *
 * Not chosen: counting columns along the way (libcsv would have to be called
 * for every byte, which triples the time), and mmap (no standard input).
 */
#ifndef TROUPE_BANK_CSV_READER_H
#define TROUPE_BANK_CSV_READER_H

#include <csv.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define BANK_CSV_RECORD_MAX ((size_t)1 << 20)

enum { BANK_CSV_FIELDS_KEPT = 5, BANK_CSV_FIELD_KEPT_SIZE = 96 };

/* A field without its quotes. Of a longer one only the beginning is kept. */
struct bank_csv_field {
    size_t length; /* of the whole field */
    char bytes[BANK_CSV_FIELD_KEPT_SIZE];
};

struct bank_csv_position {
    size_t line;   /* from 1 */
    size_t column; /* from 1, in bytes */
};

enum bank_csv_outcome {
    BANK_CSV_RECORD,     /* fields and fields_count hold it */
    BANK_CSV_END,        /* there are no more */
    BANK_CSV_MALFORMED,  /* flaw says what, flaw_position where */
    BANK_CSV_UNREADABLE, /* errno says why */
    BANK_CSV_NO_MEMORY,
};

struct bank_csv_reader {
    /* Of the record in hand, for the caller to read. */
    struct bank_csv_field fields[BANK_CSV_FIELDS_KEPT];
    size_t fields_count; /* of all its fields, kept or not */

    const char *flaw;
    struct bank_csv_position flaw_position;
    uint64_t bytes_count; /* read so far */

    /* The rest is the reader's own. */
    FILE *stream; /* borrowed */
    struct csv_parser parser;
    bool is_at_start; /* nothing has been read yet */
    bool is_at_end;   /* the stream has no more */
    bool has_record;  /* libcsv has ended a record */
    size_t line;      /* where the record in hand begins */
    size_t lines_fed; /* lines of the record in hand that libcsv has seen */

    /* buffer[record..next] is the record in hand, [next..end] is to come. */
    char *buffer;
    size_t record;
    size_t next;
    size_t end;
};

/* False: out of memory, and there is nothing to fini. */
bool bank_csv_reader_init(struct bank_csv_reader *reader, FILE *stream);
void bank_csv_reader_fini(struct bank_csv_reader *reader);

/* Reads the next record. After anything but a record, only fini may follow. */
enum bank_csv_outcome bank_csv_reader_next(struct bank_csv_reader *reader);

/* Where a field of the record in hand begins; field fields_count: its end. */
struct bank_csv_position bank_csv_reader_locate(
    const struct bank_csv_reader *reader, size_t field);

#endif
