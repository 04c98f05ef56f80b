/* SPDX-License-Identifier: BSD-2-Clause */
/* troupe-lab: what is said about threads, measured here. */
#include "cli/nearest.h"
#include "cli/options.h"
#include "cli/table.h"
#include "lab/bounds.h"
#include "lab/grade.h"
#include "lab/lab.h"
#include "lab/picture.h"
#include "lab/play.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    OPERANDS_MAX = 2,
    LABS_MAX = 64,
    /* The watchdog's patience, in expected durations and seconds. */
    LIMIT_FACTOR = 10,
    LIMIT_S = 60,
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

struct options {
    const char *svg;
    bool is_check;
    bool is_json;
    bool is_swapped;
};

/* ---- one lab ------------------------------------------------------------- */

static void
draw(const struct lab_report *report, const char *path)
{
    FILE *stream;

    if (report->lab->drawn == NULL) {
        fprintf(stderr,
            "troupe-lab: there is nothing to draw of %s: what it shows is "
            "text\n",
            report->lab->name);
        return;
    }
    stream = fopen(path, "w");
    if (stream == NULL || !picture_write(report, stream)) {
        fprintf(stderr, "troupe-lab: no picture in '%s': %s\n", path,
            strerror(errno));
    }
    if (stream != NULL) {
        fclose(stream);
    }
}

struct job {
    struct lab_report *report;
    const char *svg;
};

static void
run_lab(void *context)
{
    struct job *job = context;

    lab_report_begin(job->report);
    job->report->lab->run(job->report);
    lab_report_end(job->report);
    if (job->svg != NULL) {
        draw(job->report, job->svg);
    }
}

static unsigned
limit_s(const struct lab *lab)
{
    return LIMIT_S + LIMIT_FACTOR * lab->duration_s;
}

/* What it came to without having said so. */
static void
note_end(const struct lab *lab, struct lab_outcome *outcome,
    enum bounds_end end, int status)
{
    outcome->verdict = LAB_NOT_SHOWN;
    outcome->failed_count++;
    if (end == BOUNDS_LATE) {
        snprintf(outcome->reason, sizeof(outcome->reason),
            "It was ended after %u s, its limit.", limit_s(lab));
    } else {
        snprintf(outcome->reason, sizeof(outcome->reason), "It ended by %s %d.",
            end == BOUNDS_KILLED    ? "signal"
            : end == BOUNDS_REFUSED ? "error"
                                    : "exit status",
            status);
    }
    fprintf(stderr, "troupe-lab: %s: %s\n", lab->name, outcome->reason);
}

static void
run_bounded(const struct lab *lab, const struct options *options,
    enum lab_form form, struct lab_outcome *outcome)
{
    struct lab_report *report = calloc(1, sizeof(*report));
    struct job job = {report, options->svg};
    enum bounds_end end;
    int status;

    if (report == NULL) {
        abort();
    }
    *report = (struct lab_report){.lab = lab,
        .form = form,
        .is_swapped = options->is_swapped,
        .stream = stdout,
        .outcome = outcome};
    memset(outcome, 0, sizeof(*outcome));
    end = bounds_run(run_lab, &job, limit_s(lab), &status);
    if (!outcome->is_over || end != BOUNDS_RETURNED || status != 0) {
        note_end(lab, outcome, end, status);
    }
    free(report);
}

/* Memory for one outcome, which children write and the parent reads. */
static struct lab_outcome *
share_outcome(void)
{
    void *shared = mmap(NULL, sizeof(struct lab_outcome),
        PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (shared == MAP_FAILED) {
        abort();
    }
    return shared;
}

/* ---- the list ------------------------------------------------------------ */

static int
list(void)
{
    printf("What is said about threads, measured on this machine. Each is run "
           "by its name:\n\n");
    for (size_t i = 0; lab_catalogue[i] != NULL; i++) {
        const struct lab *lab = lab_catalogue[i];

        printf("  %-14s %3u s  %s\n", lab->name, lab->duration_s, lab->claim);
    }
    printf(
        "\nStart with race: ./dev lab race. All of them, as one table: ./dev "
        "lab all.\nSome can be played: ./dev lab play.\nPages to go with them, "
        "and lessons: docs/lab/README.md.\n");
    return 0;
}

/* ---- all ----------------------------------------------------------------- */

static int
run_all(const struct options *options)
{
    struct lab_outcome *outcome = share_outcome();
    enum lab_form form = options->is_check  ? LAB_CHECK
                         : options->is_json ? LAB_JSON
                                            : LAB_SILENT;
    int status = 0;

    for (size_t i = 0; lab_catalogue[i] != NULL; i++) {
        const struct lab *lab = lab_catalogue[i];

        if (options->is_json) {
            fputs(i == 0 ? "[\n" : ",\n", stdout);
        }
        run_bounded(lab, options, form, outcome);
        status |= outcome->failed_count > 0;
        if (form == LAB_SILENT) {
            printf("%-14s %-14s %s\n%-14s %-14s %s\n", lab->name,
                lab_verdict_name(outcome->verdict), lab->claim, "", "",
                outcome->reason);
            fflush(stdout);
        }
    }
    if (options->is_json) {
        fputs("]\n", stdout);
    }
    return status;
}

/* ---- the command --------------------------------------------------------- */

static int
refuse(const char *name)
{
    const char *names[LABS_MAX] = {"all", "play", "grade"};
    size_t count = 3;

    for (size_t i = 0; lab_catalogue[i] != NULL; i++) {
        names[count++] = lab_catalogue[i]->name;
    }
    fprintf(stderr,
        "troupe-lab: no lab is called '%s'; did you mean '%s'? troupe-lab "
        "without a name lists them\n",
        name, cli_nearest(name, names, count));
    return CLI_EXIT_USAGE;
}

static int
run_one(const struct options *options, const char *name)
{
    const struct lab *lab = lab_find(name);
    struct lab_outcome *outcome;

    if (lab == NULL) {
        return refuse(name);
    }
    outcome = share_outcome();
    run_bounded(lab, options,
        options->is_check  ? LAB_CHECK
        : options->is_json ? LAB_JSON
                           : LAB_TEXT,
        outcome);
    return outcome->failed_count > 0;
}

static int
complain(const char *format, const char *one, const char *other)
{
    fputs("troupe-lab: ", stderr);
    fprintf(stderr, format, one, other);
    fputc('\n', stderr);
    return CLI_EXIT_USAGE;
}

static int
run(const void *given, char *const *operands, size_t operands_count)
{
    const struct options *options = given;
    const char *name = operands_count > 0 ? operands[0] : NULL;
    const char *what = operands_count > 1 ? operands[1] : NULL;

    if (name == NULL) {
        return list();
    }
    if (strcmp(name, "play") == 0) {
        return play_scene(what, stdin, stdout);
    }
    if (strcmp(name, "grade") == 0) {
        return what != NULL
                   ? grade_file(what)
                   : complain("%s takes a file, an answer to an exercise: "
                              "troupe-lab %s FILE.c",
                         name, name);
    }
    if (what != NULL) {
        return complain("one lab at a time, and there is '%s' after '%s'; all "
                        "of them are 'all'",
            what, name);
    }
    if (options->is_check && options->is_json) {
        return complain("%s and %s exclude each other", "--check", "--json");
    }
    if (strcmp(name, "all") == 0 && options->svg != NULL) {
        return complain("%s draws one lab, and not %s", "--svg", "all");
    }
    return strcmp(name, "all") == 0 ? run_all(options) : run_one(options, name);
}

static const struct options defaults = {.svg = NULL};

static const struct cli_option lab_options[] = {
    CLI_FLAG(struct options, is_check, "check",
        "small sizes; a line for each thing that must hold"),
    CLI_FLAG(struct options, is_json, "json", "print JSON, no text"),
    CLI_TEXT(struct options, svg, "svg", "FILE",
        "also draw what was measured into FILE"),
    CLI_FLAG(struct options, is_swapped, "swapped",
        "run the broken version where the mended one belongs,\nto see that the "
        "check then fails"),
};

static const struct cli_command command = {
    .summary = "show whether what is said about threads is true here",
    .details =
        "NAME is a lab, or all: a table of the claims and what became of them."
        "\nplay GAME lets you choose each next step of some of them; play "
        "alone "
        "lists those."
        "\ngrade FILE.c says whether an answer to one of lab/exercises can go "
        "wrong."
        "\nWithout a NAME the labs are listed. Each shows shared memory as "
        "people first\nwrite it, as it should be, and actors; it runs in a "
        "process of its own, with\nlimits on its memory and time."
        "\n\nExit status: 0 if what must hold does, or it is said why it is "
        "not "
        "shown, 1 if\nsomething does not hold, 2 for bad usage.",
    .example = "troupe-lab race",
    .options = lab_options,
    .options_count = COUNT_OF(lab_options),
    .defaults = &defaults,
    .defaults_size = sizeof(defaults),
    .operands_usage = "[NAME | play [GAME] | grade FILE.c]",
    .operands_max = OPERANDS_MAX,
    .run = run,
};

int
main(int argc, char **argv)
{
    static const struct cli_program program = {
        .name = "troupe-lab",
        .summary = "what is said about threads, measured on this machine",
        .commands = &command,
        .commands_count = 1,
    };

    return cli_main(&program, argc, argv);
}
