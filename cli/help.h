/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * help: the text of --help, made from the tables of options.h.
 *
 *     every function    the main thread
 */
#ifndef TROUPE_CLI_HELP_H
#define TROUPE_CLI_HELP_H

#include "cli/options.h"

/* command NULL: the program as a whole. */
void cli_help_print(const struct cli_program *program,
    const struct cli_command *command, FILE *stream);

/* "a whole number from 1 to 16" and the like. The room is ample. */
enum { CLI_HELP_ALLOWED_SIZE = 128 };
const char *cli_help_allowed(
    char text[CLI_HELP_ALLOWED_SIZE], const struct cli_option *option);

#endif
