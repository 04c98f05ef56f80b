/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/csv_reader.h"

#include <stdlib.h>
#include <string.h>

static const char byte_order_mark[] = "\xef\xbb\xbf";

/* libcsv's own step of 128 bytes would move a field of a million bytes, which a
 * missing quotation mark makes, eight thousand times. */
enum { FIELD_GROWTH = 1 << 14 };

/* How much of a record has been parsed, while one is searched for a place. */
struct search {
    size_t fields_count;
    size_t records_count;
};

static int
is_never_space(unsigned char byte)
{
    (void)byte;
    return 0;
}

static bool
init_parser(struct csv_parser *parser)
{
    if (csv_init(parser, CSV_STRICT | CSV_STRICT_FINI) != 0) {
        return false;
    }
    csv_set_space_func(parser, is_never_space);
    csv_set_blk_size(parser, FIELD_GROWTH);
    return true;
}

bool
bank_csv_reader_init(struct bank_csv_reader *reader, FILE *stream)
{
    *reader = (struct bank_csv_reader){
        .stream = stream,
        .is_at_start = true,
        .line = 1,
        .buffer = malloc(BANK_CSV_RECORD_MAX),
    };
    if (reader->buffer == NULL || !init_parser(&reader->parser)) {
        free(reader->buffer);
        return false;
    }
    return true;
}

void
bank_csv_reader_fini(struct bank_csv_reader *reader)
{
    csv_free(&reader->parser);
    free(reader->buffer);
}

/* A loop, because fields have few bytes: for a memcpy of at most so many, gcc
 * makes an instruction that takes longer to start than to copy them. */
static void
keep(char *kept, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length && i < BANK_CSV_FIELD_KEPT_SIZE; i++) {
        kept[i] = bytes[i];
    }
}

static void
on_field(void *bytes, size_t length, void *context)
{
    struct bank_csv_reader *reader = context;

    /* Of a second record in the same line: its end is a flaw. */
    if (reader->has_record) {
        return;
    }
    if (reader->fields_count < BANK_CSV_FIELDS_KEPT) {
        struct bank_csv_field *field = &reader->fields[reader->fields_count];

        field->length = length;
        keep(field->bytes, bytes, length);
    }
    reader->fields_count++;
}

static void
on_record(int terminator, void *context)
{
    struct bank_csv_reader *reader = context;

    (void)terminator;
    reader->has_record = true;
}

static void
count_field(void *bytes, size_t length, void *context)
{
    struct search *search = context;

    (void)bytes;
    (void)length;
    search->fields_count++;
}

static void
count_record(int terminator, void *context)
{
    struct search *search = context;

    (void)terminator;
    search->records_count++;
}

/* The line and column of a byte of the record in hand. */
static struct bank_csv_position
position_of(const struct bank_csv_reader *reader, size_t offset)
{
    const char *record = reader->buffer + reader->record;
    struct bank_csv_position position = {
        .line = reader->line, .column = offset + 1};

    for (size_t i = 0; i < offset; i++) {
        if (record[i] == '\n') {
            position.line++;
            position.column = offset - i;
        }
    }
    return position;
}

/* The first byte behind that many fields and records of the one in hand. */
static size_t
offset_behind(const struct bank_csv_reader *reader, struct search wanted)
{
    const char *record = reader->buffer + reader->record;
    size_t size = reader->next - reader->record;
    struct search seen = {0};
    struct csv_parser parser;
    size_t offset = 0;

    if (!init_parser(&parser)) {
        return 0;
    }
    while (offset < size && (seen.fields_count < wanted.fields_count ||
                                seen.records_count < wanted.records_count)) {
        csv_parse(
            &parser, record + offset++, 1, count_field, count_record, &seen);
    }
    csv_free(&parser);
    return offset;
}

static bool
is_line_break(char byte)
{
    return byte == '\r' || byte == '\n';
}

struct bank_csv_position
bank_csv_reader_locate(const struct bank_csv_reader *reader, size_t field)
{
    size_t offset =
        offset_behind(reader, (struct search){.fields_count = field});

    if (field == reader->fields_count && offset > 0 &&
        is_line_break(reader->buffer[reader->record + offset - 1])) {
        offset--;
    }
    return position_of(reader, offset);
}

static enum bank_csv_outcome
refuse(struct bank_csv_reader *reader, size_t offset, const char *flaw)
{
    reader->flaw = flaw;
    reader->flaw_position = position_of(reader, offset);
    return BANK_CSV_MALFORMED;
}

/* Moves the record in hand to the front and reads on behind what is there. */
static enum bank_csv_outcome
fill(struct bank_csv_reader *reader)
{
    size_t kept = reader->end - reader->record;
    size_t got;

    memmove(reader->buffer, reader->buffer + reader->record, kept);
    reader->next -= reader->record;
    reader->record = 0;
    reader->end = kept;
    if (kept == BANK_CSV_RECORD_MAX) {
        return refuse(reader, 0,
            "this record has more than a million bytes; is the quotation mark "
            "missing that should end a field?");
    }
    got = fread(
        reader->buffer + kept, 1, BANK_CSV_RECORD_MAX - kept, reader->stream);
    reader->end += got;
    reader->bytes_count += got;
    reader->is_at_end = feof(reader->stream);
    return ferror(reader->stream) ? BANK_CSV_UNREADABLE : BANK_CSV_RECORD;
}

/*
 * Finds the end of the line that begins at next, reading as much as it takes.
 * *line_end is next if there is no line any more.
 */
static enum bank_csv_outcome
find_line(struct bank_csv_reader *reader, size_t *line_end)
{
    for (;;) {
        const char *begin = reader->buffer + reader->next;
        const char *end = memchr(begin, '\n', reader->end - reader->next);
        enum bank_csv_outcome outcome;

        if (end != NULL || reader->is_at_end) {
            *line_end =
                end != NULL ? (size_t)(end + 1 - reader->buffer) : reader->end;
            return BANK_CSV_RECORD;
        }
        outcome = fill(reader);
        if (outcome != BANK_CSV_RECORD) {
            return outcome;
        }
    }
}

/* The length of a line without what ends it. */
static size_t
content_length(const char *line, size_t length)
{
    while (length > 0 && is_line_break(line[length - 1])) {
        length--;
    }
    return length;
}

/* Whether the line that begins a would-be record holds none. */
static bool
is_skipped(const char *line, size_t length)
{
    return line[0] == '#' || content_length(line, length) == 0;
}

/* What libcsv found wrong: offset is that of the byte it stopped at. */
static enum bank_csv_outcome
refuse_parse(struct bank_csv_reader *reader, size_t offset)
{
    if (csv_error(&reader->parser) == CSV_ENOMEM) {
        return BANK_CSV_NO_MEMORY;
    }
    if (reader->buffer[reader->record + offset] == '"') {
        return refuse(reader, offset,
            "a quotation mark inside a field that does not begin with one; "
            "quote the whole field and double the mark");
    }
    return refuse(reader, offset,
        "text behind the quotation mark that ends a field; a mark inside a "
        "field must be doubled");
}

/*
 * Whether a carriage return inside the line from begin on has ended the record.
 * libcsv ends it there, and has perhaps not yet told of what it took for the
 * next one. Few lines hold such a byte, and then most often between quotes.
 */
static bool
ends_early(const struct bank_csv_reader *reader, size_t begin, size_t *offset)
{
    const char *line = reader->buffer + begin;
    size_t length = content_length(line, reader->next - begin);

    if (!reader->has_record || memchr(line, '\r', length) == NULL) {
        return false;
    }
    *offset = offset_behind(reader, (struct search){.records_count = 1}) - 1;
    return reader->record + *offset < begin + length;
}

static enum bank_csv_outcome
feed_line(struct bank_csv_reader *reader, size_t line_end)
{
    size_t begin = reader->next;
    size_t taken = csv_parse(&reader->parser, reader->buffer + begin,
        line_end - begin, on_field, on_record, reader);
    size_t offset;

    reader->next = line_end;
    reader->lines_fed++;
    if (taken != line_end - begin) {
        return refuse_parse(reader, begin - reader->record + taken);
    }
    if (ends_early(reader, begin, &offset)) {
        return refuse(reader, offset,
            "a carriage return that no line feed follows; end lines with LF or "
            "CRLF");
    }
    return BANK_CSV_RECORD;
}

/* The stream is at its end: what libcsv still holds is the last record. */
static enum bank_csv_outcome
finish(struct bank_csv_reader *reader)
{
    size_t fields_count = reader->fields_count;

    if (csv_fini(&reader->parser, on_field, on_record, reader) == 0) {
        return reader->has_record ? BANK_CSV_RECORD : BANK_CSV_END;
    }
    return refuse(reader,
        offset_behind(reader, (struct search){.fields_count = fields_count}),
        "the quotation mark that should end this field is missing");
}

static void
begin_record(struct bank_csv_reader *reader)
{
    reader->record = reader->next;
    reader->line += reader->lines_fed;
    reader->lines_fed = 0;
    reader->fields_count = 0;
    reader->has_record = false;
}

static enum bank_csv_outcome
skip_byte_order_mark(struct bank_csv_reader *reader)
{
    enum bank_csv_outcome outcome = fill(reader);
    size_t length = sizeof(byte_order_mark) - 1;

    reader->is_at_start = false;
    if (reader->end >= length &&
        memcmp(reader->buffer, byte_order_mark, length) == 0) {
        reader->next = length;
        reader->record = length;
    }
    return outcome;
}

enum bank_csv_outcome
bank_csv_reader_next(struct bank_csv_reader *reader)
{
    enum bank_csv_outcome outcome = BANK_CSV_RECORD;
    size_t line_end;

    if (reader->is_at_start) {
        outcome = skip_byte_order_mark(reader);
    }
    begin_record(reader);
    while (outcome == BANK_CSV_RECORD && !reader->has_record) {
        outcome = find_line(reader, &line_end);
        if (outcome != BANK_CSV_RECORD) {
            break;
        }
        if (line_end == reader->next) {
            return finish(reader);
        }
        if (reader->lines_fed == 0 && is_skipped(reader->buffer + reader->next,
                                          line_end - reader->next)) {
            reader->next = line_end;
            reader->lines_fed = reader->buffer[line_end - 1] == '\n';
            begin_record(reader);
            continue;
        }
        outcome = feed_line(reader, line_end);
    }
    return outcome;
}
