/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/ledger_file.h"

#include "examples/bank/ledger_reader.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* From the folder of the program. */
static const char *const default_places[] = {
    BANK_LEDGER_NAME,
    BANK_DATA_FROM_PROGRAM "/" BANK_LEDGER_NAME,
};

enum { PLACES_COUNT = sizeof(default_places) / sizeof(default_places[0]) };

/* The length of the program's folder with its slash; 0 if it is not known. */
static size_t
find_program_folder(char path[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
    char *slash;

    if (length < 0) {
        return 0;
    }
    path[length] = '\0';
    slash = strrchr(path, '/');
    return slash == NULL ? 0 : (size_t)(slash + 1 - path);
}

/* The first default ledger there is, its name in path; NULL if there is none.
 */
static FILE *
open_default(char path[PATH_MAX])
{
    size_t folder = find_program_folder(path);

    for (size_t i = 0; folder > 0 && i < PLACES_COUNT; i++) {
        FILE *stream;

        if (folder + strlen(default_places[i]) >= PATH_MAX) {
            continue;
        }
        strcpy(path + folder, default_places[i]);
        stream = fopen(path, "re");
        if (stream != NULL) {
            return stream;
        }
    }
    fputs("there is no default ledger; make one with\n"
          "  troupe-bank generate > ledger.csv\n"
          "and name it: troupe-bank compare --ledger ledger.csv\n",
        stderr);
    return NULL;
}

static FILE *
open_named(const char *name)
{
    FILE *stream = strcmp(name, "-") == 0 ? stdin : fopen(name, "re");

    if (stream == NULL) {
        fprintf(stderr, "%s: cannot be opened: %m\n", name);
    }
    return stream;
}

/* The bytes to come, where the file system knows; otherwise 0. */
static uint64_t
size_of(FILE *stream)
{
    struct stat status;

    if (fstat(fileno(stream), &status) != 0 || !S_ISREG(status.st_mode)) {
        return 0;
    }
    return (uint64_t)status.st_size;
}

static void
print_fault(const char *name, const struct bank_ledger_fault *fault)
{
    if (fault->position.line == 0) {
        fprintf(stderr, "%s: %s\n", name, fault->sentence);
    } else {
        fprintf(stderr, "%s:%zu:%zu: %s\n", name, fault->position.line,
            fault->position.column, fault->sentence);
    }
}

bool
bank_ledger_load(struct bank_ledger *ledger, const char *name)
{
    char path[PATH_MAX];
    FILE *stream = name != NULL ? open_named(name) : open_default(path);
    struct bank_ledger_fault fault;
    struct cli_progress progress;
    bool is_good;

    if (stream == NULL) {
        return false;
    }
    cli_progress_init(&progress, "reading", size_of(stream));
    is_good = bank_ledger_read(ledger, stream, &progress, &fault);
    cli_progress_fini(&progress);
    if (!is_good) {
        print_fault(name != NULL ? name : path, &fault);
    }
    if (stream != stdin) {
        fclose(stream);
    }
    return is_good;
}
