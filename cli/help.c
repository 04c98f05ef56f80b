/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/help.h"

#include <inttypes.h>
#include <string.h>

/* Where the explanations start, and the widest thing to their left. */
enum { HELP_COLUMN = 26, LEFT_WIDTH = HELP_COLUMN - 2 };

/* left in its column, then help, whose further lines are indented alike. */
static void
print_entry(FILE *stream, const char *left, const char *help)
{
    size_t length;

    fprintf(stream, "  %-*s", LEFT_WIDTH - 2, left);
    fprintf(stream, strlen(left) > LEFT_WIDTH - 4 ? "\n%*s" : "  ", HELP_COLUMN,
        "");
    while (help[length = strcspn(help, "\n")] != '\0') {
        fprintf(stream, "%.*s\n%*s", (int)length, help, HELP_COLUMN, "");
        help += length + 1;
    }
    fprintf(stream, "%s\n", help);
}

static void
print_option(FILE *stream, const struct cli_option *option)
{
    char left[80];
    bool is_flag = option->kind == CLI_KIND_FLAG;

    snprintf(left, sizeof(left), "--%s%s%s", option->name, is_flag ? "" : " ",
        is_flag ? "" : option->value_name);
    print_entry(stream, left, option->help);
}

static void
print_options_of_every_program(FILE *stream)
{
    print_entry(stream, "--help", "print this text");
    print_entry(stream, "--version", "print the version");
}

static void
print_command_help(const struct cli_program *program,
    const struct cli_command *command, FILE *stream)
{
    fprintf(stream, "Usage: %s%s%s [OPTIONS]%s%s\n\n%s.\n", program->name,
        command->name != NULL ? " " : "",
        command->name != NULL ? command->name : "",
        command->operands_usage != NULL ? " " : "",
        command->operands_usage != NULL ? command->operands_usage : "",
        command->summary);
    fputs("\nOptions:\n", stream);
    for (size_t i = 0; i < command->options_count; i++) {
        print_option(stream, &command->options[i]);
    }
    print_options_of_every_program(stream);
    if (command->details != NULL) {
        fprintf(stream, "\n%s\n", command->details);
    }
    fprintf(stream, "\nExample:\n  %s\n", command->example);
}

static void
print_program_help(const struct cli_program *program, FILE *stream)
{
    fprintf(stream, "Usage: %s COMMAND [OPTIONS]\n\n%s.\n\nCommands:\n",
        program->name, program->summary);
    for (size_t i = 0; i < program->commands_count; i++) {
        print_entry(
            stream, program->commands[i].name, program->commands[i].summary);
    }
    fputs("\nOptions:\n", stream);
    print_options_of_every_program(stream);
    fprintf(stream,
        "\n%s COMMAND --help explains a command.\n\nExample:\n  %s\n",
        program->name, program->commands[0].example);
}

void
cli_help_print(const struct cli_program *program,
    const struct cli_command *command, FILE *stream)
{
    if (command == NULL) {
        print_program_help(program, stream);
    } else {
        print_command_help(program, command, stream);
    }
}

const char *
cli_help_allowed(
    char text[CLI_HELP_ALLOWED_SIZE], const struct cli_option *option)
{
    switch (option->kind) {
    case CLI_KIND_INTEGER:
        snprintf(text, CLI_HELP_ALLOWED_SIZE,
            "a whole number from %" PRId64 " to %" PRId64, option->min,
            option->max);
        break;
    case CLI_KIND_DECIMAL:
        snprintf(text, CLI_HELP_ALLOWED_SIZE,
            "a number from %g to %g with at most six decimals",
            (double)option->min / CLI_MILLION,
            (double)option->max / CLI_MILLION);
        break;
    case CLI_KIND_FLAG:
        snprintf(text, CLI_HELP_ALLOWED_SIZE, "no value");
        break;
    case CLI_KIND_TEXT:
        snprintf(text, CLI_HELP_ALLOWED_SIZE, "any text");
        break;
    }
    return text;
}
