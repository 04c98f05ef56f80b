/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/orders.h"

#include "exploration/search.h"

#include <stdlib.h>
#include <string.h>

/* The index of a choice in the list; it is there: plays repeat themselves. */
static size_t
find(const struct scene_play *play, const struct tp_choice *choice)
{
    size_t i = 0;

    while (i < play->offers_count &&
           !tp_choice_is_same(&play->offers[i].choice, choice)) {
        i++;
    }
    if (i == play->offers_count) {
        fprintf(stderr,
            "troupe-lab: '%s' does not repeat itself: a handler or thread "
            "depends on chance, time or what is left of the run before\n",
            play->scene->name);
        exit(1);
    }
    return i;
}

static void
note(struct orders *orders, struct scene_play *play, const size_t *taken)
{
    bool is_right = scene_is_right(play);
    char line[SCENE_LINE_SIZE];
    size_t i = 0;

    scene_outcome(play, line);
    orders->count++;
    orders->wrong_count += !is_right;
    while (i < orders->outcomes_count &&
           strcmp(orders->outcomes[i].line, line) != 0) {
        i++;
    }
    if (i < ORDERS_OUTCOMES_MAX) {
        struct orders_outcome *outcome = &orders->outcomes[i];

        if (i == orders->outcomes_count) {
            orders->outcomes_count++;
            memcpy(outcome->line, line, sizeof(line));
            outcome->is_right = is_right;
            outcome->count = 0;
        }
        outcome->count++;
    }
    if (!is_right && (orders->wrong_length == 0 ||
                         play->steps_count < orders->wrong_length)) {
        orders->wrong_length = play->steps_count;
        memcpy(orders->wrong, taken, play->steps_count * sizeof(*taken));
    }
}

/* Takes a choice, and tells the search what it did. */
static void
take(struct scene_play *play, struct tp_choice *step, size_t *taken)
{
    size_t index = find(play, step);

    taken[play->steps_count] = index;
    scene_take(play, index);
    step->effects = play->effects;
}

/* One order: what is given, then what the search says, to its end. */
static void
run_order(const struct scene *scene, const size_t *given, size_t given_count,
    struct tp_search *search, struct orders *orders)
{
    struct scene_play *play = malloc(sizeof(*play));
    size_t taken[ORDERS_STEPS_MAX];
    bool is_open = true;

    if (play == NULL) {
        abort();
    }
    scene_begin(play, scene, false);
    for (size_t i = 0; i < given_count; i++) {
        taken[i] = given[i];
        scene_take(play, given[i]);
    }
    for (size_t i = 0; i < tp_search_steps_count(search); i++) {
        take(play, tp_search_step(search, i), taken);
    }
    while (!scene_is_over(play) && play->steps_count < ORDERS_STEPS_MAX) {
        size_t count = tp_search_steps_count(search);

        TROUPE_CHECK(
            tp_search_open(search, play->offers, play->offers_count, &is_open));
        if (!is_open) {
            break; /* all that follows has been seen */
        }
        take(play, tp_search_step(search, count), taken);
    }
    if (scene_is_over(play)) {
        note(orders, play, taken);
    }
    scene_end(play);
    free(play);
}

void
orders_explore(const struct scene *scene, const size_t *given,
    size_t given_count, struct orders *orders)
{
    struct tp_search search = {.count = 0};

    memset(orders, 0, sizeof(*orders));
    do {
        run_order(scene, given, given_count, &search, orders);
    } while (tp_search_advance(&search, ORDERS_STEPS_MAX));
    tp_search_fini(&search);
}

char *
orders_draw_wrong(const struct scene *scene, const struct orders *orders)
{
    struct scene_play *play = malloc(sizeof(*play));
    char line[SCENE_LINE_SIZE];
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    if (play == NULL || stream == NULL) {
        abort();
    }
    scene_begin(play, scene, true);
    for (size_t i = 0; i < orders->wrong_length; i++) {
        scene_take(play, orders->wrong[i]);
    }
    scene_print(play, stream);
    scene_outcome(play, line);
    fprintf(stream, "\n%s\n", line);
    scene_end(play);
    free(play);
    fclose(stream);
    return text;
}
