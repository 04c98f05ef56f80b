/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replays inputs to a fuzz target: each argument is a file, or a folder whose
 * files are taken. So a corpus is a test in every build, with any compiler.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <sys/stat.h>

enum { INPUT_BYTES_MAX = 1 << 20 };

static int
replay_file(const char *path)
{
    static uint8_t buffer[INPUT_BYTES_MAX];
    FILE *file = fopen(path, "rb");
    size_t size;
    uint8_t *bytes;

    if (file == NULL) {
        fprintf(stderr, "replay: %s: %m\n", path);
        exit(1);
    }
    size = fread(buffer, 1, sizeof(buffer), file);
    fclose(file);
    bytes = fuzz_copy(buffer, size);
    fprintf(stderr, "replay: %s, %zu bytes\n", path, size);
    CHECK(LLVMFuzzerTestOneInput(bytes, size) == 0);
    free(bytes);
    return 1;
}

static int
is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int
replay_folder(const char *path)
{
    struct dirent **entries;
    int entries_count = scandir(path, &entries, is_visible, alphasort);
    char file[4096];

    CHECK(entries_count >= 0);
    for (int i = 0; i < entries_count; i++) {
        snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
        replay_file(file);
        free(entries[i]);
    }
    free(entries);
    return entries_count;
}

static int
replay(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 && S_ISDIR(about.st_mode)
               ? replay_folder(path)
               : replay_file(path);
}

int
main(int count, char **arguments)
{
    int inputs_count = 0;

    for (int i = 1; i < count; i++) {
        inputs_count += replay(arguments[i]);
    }
    if (inputs_count == 0) {
        fprintf(stderr, "usage: %s FILE_OR_FOLDER...\n", arguments[0]);
        return 2;
    }
    printf("%d inputs replayed\n", inputs_count);
    return 0;
}
