/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options: what a command line may say, as a table.
 *
 * A program is a table of commands and a command is a table of options, each of
 * which names the member of the command's options struct that it sets. The
 * parser, --help, the checks of ranges and the suggestions for what is not
 * known are all made from that one table.
 *
 * Every program understands --help and --version, takes --name VALUE as well
 * as --name=VALUE, and treats what follows -- as operands. "-" alone and
 * negative numbers are operands or values. The last of several wins. What is
 * wrong is told on stderr in one sentence that says what would be right, and
 * the exit status is CLI_EXIT_USAGE.
 *
 *     cli_main        the main thread
 *
 * Not chosen: getopt_long, which knows neither ranges nor suggestions and
 * leaves the help to be written, and to grow old, beside the table.
 */
#ifndef TROUPE_CLI_OPTIONS_H
#define TROUPE_CLI_OPTIONS_H

#include "cli/number.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The exit status for a command line that cannot be understood. */
enum { CLI_EXIT_USAGE = 2 };

enum cli_kind {
    CLI_KIND_FLAG,    /* bool */
    CLI_KIND_INTEGER, /* int64_t */
    CLI_KIND_DECIMAL, /* int64_t, in millionths */
    CLI_KIND_TEXT,    /* const char *, into argv */
};

struct cli_option {
    const char *name;       /* without the dashes */
    const char *value_name; /* for the help; NULL for a flag */
    const char *help;       /* lines separated by \n */
    enum cli_kind kind;
    size_t offset; /* of the member in the options struct */
    int64_t min;   /* of an integer, or of a decimal in millionths */
    int64_t max;
};

/* The offset of a member; does not compile unless it has that very type. */
#define CLI_OFFSET(type, member, member_type)                                  \
    (offsetof(type, member) +                                                  \
        0 * sizeof(_Generic(&((type *)NULL)->member, member_type * : 0)))

#define CLI_FLAG(type, member, flag_name, flag_help)                           \
    {                                                                          \
        .name = flag_name, .help = flag_help, .kind = CLI_KIND_FLAG,           \
        .offset = CLI_OFFSET(type, member, bool)                               \
    }
#define CLI_INTEGER(type, member, option_name, value, least, most, text)       \
    {                                                                          \
        .name = option_name, .value_name = value, .help = text,                \
        .kind = CLI_KIND_INTEGER, .offset = CLI_OFFSET(type, member, int64_t), \
        .min = least, .max = most                                              \
    }
#define CLI_DECIMAL(type, member, option_name, value, least, most, text)       \
    {                                                                          \
        .name = option_name, .value_name = value, .help = text,                \
        .kind = CLI_KIND_DECIMAL, .offset = CLI_OFFSET(type, member, int64_t), \
        .min = least, .max = most                                              \
    }
#define CLI_TEXT(type, member, option_name, value, text)                       \
    {                                                                          \
        .name = option_name, .value_name = value, .help = text,                \
        .kind = CLI_KIND_TEXT,                                                 \
        .offset = CLI_OFFSET(type, member, const char *)                       \
    }

struct cli_command {
    const char *name;    /* NULL: the program's only command */
    const char *summary; /* one line */
    const char *details; /* paragraphs for the help; NULL: none */
    const char *example; /* a command line that works as printed */

    const struct cli_option *options;
    size_t options_count;
    const void *defaults; /* an options struct; NULL if there are no options */
    size_t defaults_size;

    const char *operands_usage; /* such as "METHOD ARGS..."; NULL: none */
    size_t operands_min;
    size_t operands_max;

    /* Returns the exit status. All arguments are borrowed until then. */
    int (*run)(
        const void *options, char *const *operands, size_t operands_count);
};

struct cli_program {
    const char *name;
    const char *summary; /* one line */
    const struct cli_command *commands;
    size_t commands_count;
};

/*
 * Runs the command that argv asks for and returns the program's exit status:
 * that of the command; 0 after --help or --version; CLI_EXIT_USAGE; 1 if
 * stdout could not be written.
 */
int cli_main(const struct cli_program *program, int argc, char **argv);

/* The same with help and version on out and complaints on err. */
int cli_main_on(const struct cli_program *program, int argc, char **argv,
    FILE *out, FILE *err);

#endif
