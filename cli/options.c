/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/options.h"

#include "cli/help.h"
#include "cli/nearest.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 64 };

/* What parsing one argument leads to. */
enum next {
    NEXT_GO_ON,
    NEXT_HELP,
    NEXT_VERSION,
    NEXT_REFUSED, /* and why has been said */
};

struct parser {
    const struct cli_program *program;
    const struct cli_command *command; /* NULL until it is known */
    char **arguments;                  /* what is left to parse, then NULL */
    char *options;                     /* the options struct being filled */
    char **operands;                   /* filled from the left, in argv */
    size_t operands_count;
    bool has_only_operands; /* behind -- */
    FILE *err;
};

static const char *
spaced_name(const struct cli_command *command)
{
    return command != NULL && command->name != NULL ? command->name : "";
}

static enum next refuse(struct parser *parser, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum next
refuse(struct parser *parser, const char *format, ...)
{
    const char *name = spaced_name(parser->command);
    va_list arguments;

    fprintf(parser->err, "%s: ", parser->program->name);
    va_start(arguments, format);
    vfprintf(parser->err, format, arguments);
    va_end(arguments);
    fprintf(parser->err, "\n%s%s%s --help says more.\n", parser->program->name,
        *name != '\0' ? " " : "", name);
    return NEXT_REFUSED;
}

static enum next
refuse_option(struct parser *parser, const char *typed)
{
    const char *words[WORDS_MAX] = {"help", "version"};
    size_t words_count = 2;
    size_t options_count =
        parser->command != NULL ? parser->command->options_count : 0;

    for (size_t i = 0; i < options_count && words_count < WORDS_MAX; i++) {
        words[words_count++] = parser->command->options[i].name;
    }
    return refuse(parser, "unknown option %s; the nearest is --%s", typed,
        cli_nearest(typed + strspn(typed, "-"), words, words_count));
}

static enum next
refuse_command(struct parser *parser, const char *typed)
{
    const char *words[WORDS_MAX];
    size_t words_count = 0;

    for (size_t i = 0;
         i < parser->program->commands_count && words_count < WORDS_MAX; i++) {
        words[words_count++] = parser->program->commands[i].name;
    }
    return refuse(parser, "unknown command %s; the nearest is %s", typed,
        cli_nearest(typed, words, words_count));
}

static enum next
refuse_value(
    struct parser *parser, const struct cli_option *option, const char *value)
{
    char allowed[CLI_HELP_ALLOWED_SIZE];

    return refuse(parser, "--%s: \"%s\" is not allowed; it takes %s",
        option->name, value, cli_help_allowed(allowed, option));
}

static bool
parse_number(
    const struct cli_option *option, const char *value, int64_t *number)
{
    bool is_number = option->kind == CLI_KIND_INTEGER
                         ? cli_number_parse(value, number)
                         : cli_number_parse_decimal(value, number);

    return is_number && *number >= option->min && *number <= option->max;
}

static enum next
set_value(struct parser *parser, const struct cli_option *option, char *value)
{
    void *member = parser->options + option->offset;
    int64_t number;

    if (option->kind == CLI_KIND_TEXT) {
        *(const char **)member = value;
        return NEXT_GO_ON;
    }
    if (!parse_number(option, value, &number)) {
        return refuse_value(parser, option, value);
    }
    *(int64_t *)member = number;
    return NEXT_GO_ON;
}

/* The option that typed, up to its end or its '=', names; NULL if none. */
static const struct cli_option *
find_option(const struct cli_command *command, const char *typed)
{
    size_t length = strcspn(typed, "=");

    for (size_t i = 0; command != NULL && i < command->options_count; i++) {
        const char *name = command->options[i].name;

        if (strlen(name) == length && memcmp(name, typed, length) == 0) {
            return &command->options[i];
        }
    }
    return NULL;
}

/* typed is "--name" or "--name=VALUE"; a value may be the next argument. */
static enum next
parse_option(struct parser *parser, char *typed)
{
    const struct cli_option *option = find_option(parser->command, typed + 2);
    char *value = strchr(typed, '=');

    if (option == NULL) {
        typed[strcspn(typed, "=")] = '\0';
        return refuse_option(parser, typed);
    }
    if (option->kind == CLI_KIND_FLAG) {
        *(bool *)(void *)(parser->options + option->offset) = true;
        return value == NULL ? NEXT_GO_ON
                             : refuse_value(parser, option, value + 1);
    }
    if (value != NULL) {
        return set_value(parser, option, value + 1);
    }
    if (*parser->arguments == NULL) {
        return refuse(parser, "--%s needs a value, such as --%s %s",
            option->name, option->name, option->value_name);
    }
    return set_value(parser, option, *parser->arguments++);
}

/* "-" is the standard input and -5 a number: neither is an option. */
static bool
is_option(const char *argument)
{
    return argument[0] == '-' && argument[1] != '\0' &&
           strchr(".0123456789", argument[1]) == NULL;
}

static enum next
parse_argument(struct parser *parser, char *argument)
{
    if (parser->has_only_operands || !is_option(argument)) {
        parser->operands[parser->operands_count++] = argument;
        return NEXT_GO_ON;
    }
    if (strcmp(argument, "--") == 0) {
        parser->has_only_operands = true;
        return NEXT_GO_ON;
    }
    if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
        return NEXT_HELP;
    }
    if (strcmp(argument, "--version") == 0) {
        return NEXT_VERSION;
    }
    if (argument[1] != '-') {
        return refuse_option(parser, argument);
    }
    return parse_option(parser, argument);
}

static enum next
check_operands(struct parser *parser)
{
    const struct cli_command *command = parser->command;

    if (parser->operands_count < command->operands_min) {
        return refuse(parser, "something is missing: %s %s%s%s",
            parser->program->name, spaced_name(command),
            command->name != NULL ? " " : "", command->operands_usage);
    }
    if (parser->operands_count > command->operands_max) {
        return refuse(parser, "\"%s\" is one argument too many",
            parser->operands[command->operands_max]);
    }
    return NEXT_GO_ON;
}

static enum next
parse_arguments(struct parser *parser)
{
    enum next next = NEXT_GO_ON;

    parser->operands = parser->arguments;
    while (next == NEXT_GO_ON && *parser->arguments != NULL) {
        next = parse_argument(parser, *parser->arguments++);
    }
    return next != NEXT_GO_ON ? next : check_operands(parser);
}

/* Finds the command; NEXT_GO_ON leaves it in the parser. */
static enum next
parse_command(struct parser *parser)
{
    const struct cli_program *program = parser->program;
    char *typed = *parser->arguments;

    if (program->commands[0].name == NULL) {
        parser->command = &program->commands[0];
        return NEXT_GO_ON;
    }
    if (typed == NULL) {
        return refuse(parser, "no command is given");
    }
    parser->arguments++;
    if (is_option(typed) && strcmp(typed, "--") != 0) {
        return parse_argument(parser, typed);
    }
    for (size_t i = 0; i < program->commands_count; i++) {
        if (strcmp(typed, program->commands[i].name) == 0) {
            parser->command = &program->commands[i];
            return NEXT_GO_ON;
        }
    }
    return refuse_command(parser, typed);
}

static int
run_command(struct parser *parser, FILE *out)
{
    int status = parser->command->run(
        parser->options, parser->operands, parser->operands_count);

    if (fflush(out) != 0 || ferror(out)) {
        fprintf(parser->err, "%s: cannot write the output: %m\n",
            parser->program->name);
        return status != 0 ? status : 1;
    }
    return status;
}

static int
finish(struct parser *parser, enum next next, FILE *out)
{
    switch (next) {
    case NEXT_GO_ON:
        return run_command(parser, out);
    case NEXT_HELP:
        cli_help_print(parser->program, parser->command, out);
        return 0;
    case NEXT_VERSION:
        fprintf(out, "%s %s\n", parser->program->name, CLI_VERSION);
        return 0;
    case NEXT_REFUSED:
        break;
    }
    return CLI_EXIT_USAGE;
}

int
cli_main_on(const struct cli_program *program, int argc, char **argv, FILE *out,
    FILE *err)
{
    struct parser parser = {
        .program = program,
        .arguments = argv + (argc > 0),
        .err = err,
    };
    enum next next = parse_command(&parser);
    int status;

    if (next == NEXT_GO_ON && parser.command != NULL) {
        size_t size = parser.command->defaults_size;

        parser.options = malloc(size + 1);
        if (parser.options == NULL) {
            fprintf(err, "%s: out of memory\n", program->name);
            return 1;
        }
        if (size > 0) {
            memcpy(parser.options, parser.command->defaults, size);
        }
        next = parse_arguments(&parser);
    }
    status = finish(&parser, next, out);
    free(parser.options);
    return status;
}

int
cli_main(const struct cli_program *program, int argc, char **argv)
{
    return cli_main_on(program, argc, argv, stdout, stderr);
}
