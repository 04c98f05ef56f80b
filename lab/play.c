/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/play.h"

#include "cli/nearest.h"
#include "cli/options.h"
#include "lab/orders.h"
#include "lab/scenes.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct scene *const scenes[] = {&scene_race, &scene_deadlock,
    &scene_mutex, &scene_semaphore, &scene_seats, &scene_order,
    &scene_neighbours};

enum { SCENES_COUNT = sizeof(scenes) / sizeof(scenes[0]), LINE_SIZE = 64 };

struct game {
    const struct scene *scene;
    FILE *output;
    struct orders all; /* from the beginning */
    bool is_found[ORDERS_OUTCOMES_MAX];
    struct orders rest; /* from here on, for a hint */
    size_t taken[ORDERS_STEPS_MAX];
    size_t taken_count;
    struct scene_play play;
};

/* ---- what is shown ------------------------------------------------------- */

static void
show_keys(const struct game *game)
{
    fputs("A number makes that happen; u undoes the last step, n begins anew, "
          "h is a hint,\n? shows this, q ends the game.\n\n",
        game->output);
}

static void
show_choices(struct game *game)
{
    char line[SCENE_LINE_SIZE];

    for (size_t i = 0; i < game->play.offers_count; i++) {
        scene_describe(&game->play, i, line);
        fprintf(game->output, "  %zu  %s\n", i + 1, line);
    }
}

static size_t
count_found(const struct game *game)
{
    size_t count = 0;

    for (size_t i = 0; i < game->all.outcomes_count; i++) {
        count += game->is_found[i];
    }
    return count;
}

static void
show_end(struct game *game, const char *outcome)
{
    bool is_right = scene_is_right(&game->play);
    size_t found;

    for (size_t i = 0; i < game->all.outcomes_count; i++) {
        if (strcmp(game->all.outcomes[i].line, outcome) == 0) {
            game->is_found[i] = true;
        }
    }
    found = count_found(game);
    fprintf(game->output,
        "It is over, and %s.\nOutcomes found: %zu of %zu.%s\n",
        is_right ? "right" : "wrong: you have broken it", found,
        game->all.outcomes_count,
        found == game->all.outcomes_count ? " That is all of them."
                                          : " u or n to look for another.");
}

static void
show(struct game *game)
{
    char outcome[SCENE_LINE_SIZE];

    if (game->taken_count > 0) {
        scene_print(&game->play, game->output);
        fputc('\n', game->output);
    }
    scene_outcome(&game->play, outcome);
    fprintf(game->output, "Now: %s\n", outcome);
    if (scene_is_over(&game->play)) {
        show_end(game, outcome);
    } else {
        show_choices(game);
    }
}

/* ---- moves --------------------------------------------------------------- */

/* Plays what has been taken from the beginning, since nothing can be undone. */
static void
begin(struct game *game)
{
    scene_begin(&game->play, game->scene, true);
    for (size_t i = 0; i < game->taken_count; i++) {
        scene_take(&game->play, game->taken[i]);
    }
}

static void
begin_with(struct game *game, size_t taken_count)
{
    scene_end(&game->play);
    game->taken_count = taken_count;
    begin(game);
    show(game);
}

static void
choose(struct game *game, const char *word)
{
    unsigned long number = strtoul(word, NULL, 10);

    if (scene_is_over(&game->play)) {
        fputs("It is over; u undoes the last step, n begins anew.\n",
            game->output);
    } else if (number < 1 || number > game->play.offers_count) {
        fprintf(game->output, "There is no choice %s; there are 1 to %zu.\n",
            word, game->play.offers_count);
    } else {
        game->taken[game->taken_count++] = number - 1;
        scene_take(&game->play, number - 1);
        show(game);
    }
}

static void
hint(struct game *game)
{
    /* One play at a time: this one is begun again afterwards. */
    scene_end(&game->play);
    orders_explore(game->scene, game->taken, game->taken_count, &game->rest);
    begin(game);
    if (scene_is_over(&game->play)) {
        fputs("It is over; u undoes the last step.\n", game->output);
    } else if (game->rest.wrong_length == 0) {
        fputs("From here on every order ends well. u undoes the last step.\n",
            game->output);
    } else {
        fprintf(game->output,
            "Take %zu: from here %" PRIu64 " of %" PRIu64
            " orders end wrong, the shortest in %zu steps.\n",
            game->rest.wrong[game->taken_count] + 1, game->rest.wrong_count,
            game->rest.count, game->rest.wrong_length - game->taken_count);
    }
}

/* False: enough. */
static bool
obey(struct game *game, const char *word)
{
    if (strcmp(word, "q") == 0) {
        return false;
    }
    if (isdigit((unsigned char)word[0])) {
        choose(game, word);
    } else if (strcmp(word, "u") == 0 && game->taken_count == 0) {
        fputs("This is the beginning.\n", game->output);
    } else if (strcmp(word, "u") == 0) {
        begin_with(game, game->taken_count - 1);
    } else if (strcmp(word, "n") == 0) {
        begin_with(game, 0);
    } else if (strcmp(word, "h") == 0) {
        hint(game);
    } else {
        if (strcmp(word, "?") != 0) {
            fprintf(game->output, "'%s' is no move. ", word);
        }
        show_keys(game);
    }
    return true;
}

static void
play(struct game *game, FILE *input)
{
    char line[LINE_SIZE];
    char word[LINE_SIZE];

    orders_explore(game->scene, NULL, 0, &game->all);
    fprintf(game->output,
        "%s\n\n%s\n\nYou are the scheduler. There are %" PRIu64
        " orders and %zu outcomes.\n",
        game->scene->name, game->scene->story, game->all.count,
        game->all.outcomes_count);
    show_keys(game);
    begin(game);
    show(game);
    do {
        fputs("> ", game->output);
        fflush(game->output);
    } while (fgets(line, sizeof(line), input) != NULL &&
             (sscanf(line, "%63s", word) != 1 || obey(game, word)));
    scene_end(&game->play);
    fprintf(game->output, "\nOutcomes found: %zu of %zu.\n", count_found(game),
        game->all.outcomes_count);
}

/* ---- the command --------------------------------------------------------- */

static void
list(FILE *output)
{
    fputs("What can be played, as in troupe-lab play race:\n\n", output);
    for (size_t i = 0; i < SCENES_COUNT; i++) {
        fprintf(output, "  %-12s %s\n", scenes[i]->name, scenes[i]->story);
    }
}

int
play_scene(const char *name, FILE *input, FILE *output)
{
    const char *names[SCENES_COUNT];

    if (name == NULL) {
        list(output);
        return 0;
    }
    for (size_t i = 0; i < SCENES_COUNT; i++) {
        struct game *game;

        names[i] = scenes[i]->name;
        if (strcmp(names[i], name) != 0) {
            continue;
        }
        game = calloc(1, sizeof(*game));
        if (game == NULL) {
            abort();
        }
        game->scene = scenes[i];
        game->output = output;
        play(game, input);
        free(game);
        return 0;
    }
    fprintf(stderr,
        "troupe-lab: no game is called '%s'; did you mean '%s'? troupe-lab "
        "play lists them\n",
        name, cli_nearest(name, names, SCENES_COUNT));
    return CLI_EXIT_USAGE;
}
