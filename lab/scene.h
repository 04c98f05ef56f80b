/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scene: a small program whose steps somebody chooses: the next thread to go
 * on, or the next message to be handled.
 *
 * A scene says how it begins, what of it can be seen, and what must be so in
 * the end. A play of it is one run, from the beginning: choices are listed, one
 * is taken, and so on until nothing can go on. Then it has an outcome: a line
 * that says what can be seen, by which two runs are told apart, and whether it
 * is right. The same choices lead to the same outcome, so a play is undone by
 * another one.
 *
 * There are two kinds. Of threads (lab/stage.h) a choice is one of them. Of
 * actors a choice is a message that may be delivered next (exploration/
 * choices.h), to any actor.
 *
 * One play at a time, on one thread.
 */
#ifndef TROUPE_LAB_SCENE_H
#define TROUPE_LAB_SCENE_H

#include "exploration/choices.h"
#include "exploration/diagram.h"
#include "exploration/run.h"
#include "lab/stage.h"

enum { SCENE_LINE_SIZE = 256, SCENE_CHOICES_MAX = 16, SCENE_WORDS_MAX = 8 };

/* A word of shared memory that is shown. */
struct scene_word {
    const char *name;
    const int64_t *place; /* NULL: after the last */
};

struct scene {
    const char *name;
    const char *story; /* what it is about, and what must be so in the end */
    /* Of threads: sets memory as it is at first, and adds them. Else NULL. */
    void (*begin)(struct stage *stage);
    struct scene_word words[SCENE_WORDS_MAX];
    /* The same of actors. */
    troupe_explore_setup *setup;
    /* Writes what can be seen of them: "balance = 100". */
    void (*look)(struct troupe_explored *run, char *line);
    /* Whether it has ended well, when all threads are over, or nothing is left
     * to be delivered. run: of actors, else NULL. */
    bool (*is_right)(struct troupe_explored *run);
};

struct scene_play {
    const struct scene *scene;
    /* What can be next; choice i of the list, as the explorer knows it. */
    struct tp_offer offers[SCENE_CHOICES_MAX];
    size_t offers_count;
    size_t steps_count;
    uint8_t effects; /* of the last step, for the explorer */
    /* Of threads: */
    struct stage stage;
    char *lines; /* what has happened, as it is drawn */
    size_t lines_size;
    FILE *drawing;
    /* Of actors: */
    struct tp_run_plan plan;
    struct troupe_explored run;
    struct tp_choices choices;
    struct tp_diagram diagram;
    bool is_drawn;
};

/* Begins a play in zeroed memory; is_drawn: scene_print() will be called. */
void scene_begin(
    struct scene_play *play, const struct scene *scene, bool is_drawn);
void scene_end(struct scene_play *play);

/* Takes the choice at that index of the list, and makes the list anew. */
void scene_take(struct scene_play *play, size_t choice);

/* What that choice is: "thread 1 reads balance". */
void scene_describe(
    struct scene_play *play, size_t choice, char line[SCENE_LINE_SIZE]);

/* Whether it is over, and well; and what can be seen. */
bool scene_is_over(const struct scene_play *play);
bool scene_is_right(struct scene_play *play);
void scene_outcome(struct scene_play *play, char line[SCENE_LINE_SIZE]);

/* What has happened so far. */
void scene_print(struct scene_play *play, FILE *stream);

#endif
