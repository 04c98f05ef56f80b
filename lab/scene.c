/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/scene.h"

#include "actors/pid_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMN_WIDTH = 26 };

static bool
is_of_threads(const struct scene_play *play)
{
    return play->scene->begin != NULL;
}

/* ---- threads ------------------------------------------------------------- */

static void
list_threads(struct scene_play *play)
{
    play->offers_count = 0;
    for (size_t i = 0; i < play->stage.threads_count; i++) {
        if (stage_can_step(&play->stage, i)) {
            play->offers[play->offers_count++] =
                (struct tp_offer){.choice = {.slot = (uint32_t)i}};
        }
    }
}

static void
draw_heads(struct scene_play *play)
{
    fprintf(play->drawing, "step  ");
    for (size_t i = 0; i < play->stage.threads_count; i++) {
        bool is_last = i + 1 == play->stage.threads_count;

        fprintf(play->drawing, "%-*s%s", is_last ? 0 : COLUMN_WIDTH,
            play->stage.threads[i].name, is_last ? "\n" : "");
    }
}

static void
begin_threads(struct scene_play *play)
{
    stage_begin(&play->stage);
    play->scene->begin(&play->stage);
    if (play->is_drawn) {
        play->drawing = open_memstream(&play->lines, &play->lines_size);
        if (play->drawing == NULL) {
            abort();
        }
        draw_heads(play);
    }
    list_threads(play);
}

static void
take_thread(struct scene_play *play, size_t thread)
{
    if (play->is_drawn) {
        fprintf(play->drawing, "%4zu  %*s%s\n", play->steps_count,
            (int)thread * COLUMN_WIDTH, "", play->stage.threads[thread].next);
    }
    play->effects = TP_EFFECT_EVERYTHING;
    stage_step(&play->stage, thread);
    list_threads(play);
}

static bool
are_all_over(const struct scene_play *play)
{
    for (size_t i = 0; i < play->stage.threads_count; i++) {
        if (!stage_is_over(&play->stage, i)) {
            return false;
        }
    }
    return true;
}

static void
look_at_words(const struct scene_play *play, char line[SCENE_LINE_SIZE])
{
    const struct scene_word *words = play->scene->words;
    size_t used = 0;

    line[0] = '\0';
    for (size_t i = 0; words[i].place != NULL; i++) {
        used += (size_t)snprintf(line + used, SCENE_LINE_SIZE - used,
            "%s%s = %" PRId64, i > 0 ? ", " : "", words[i].name,
            *words[i].place);
    }
    if (play->offers_count == 0 && !are_all_over(play)) {
        snprintf(line + used, SCENE_LINE_SIZE - used, "%sthey wait for ever",
            used > 0 ? "; " : "");
    }
}

/* ---- actors -------------------------------------------------------------- */

static void
list_messages(struct scene_play *play)
{
    TROUPE_CHECK(tp_choices_list(&play->choices));
    play->offers_count = play->choices.offers_count;
    if (play->offers_count > SCENE_CHOICES_MAX) {
        fprintf(stderr, "troupe-lab: '%s' has too many choices\n",
            play->scene->name);
        exit(1);
    }
    memcpy(play->offers, play->choices.offers,
        play->offers_count * sizeof(play->offers[0]));
}

static void
begin_actors(struct scene_play *play)
{
    struct troupe_explore_options options =
        TROUPE_EXPLORE_OPTIONS(.setup = play->scene->setup);

    TROUPE_CHECK(tp_run_make_plan(&options, &play->plan));
    play->plan.is_directed = true;
    TROUPE_CHECK(tp_run_begin(&play->run, &play->plan));
    play->choices = (struct tp_choices){.runtime = play->run.runtime,
        .until_ns = play->plan.options.time_ns_max};
    list_messages(play);
    if (play->is_drawn) {
        tp_diagram_begin(&play->diagram, play->run.runtime, play->run.self);
    }
}

static void
take_message(struct scene_play *play, size_t choice)
{
    if (play->is_drawn) {
        tp_diagram_note(&play->diagram, &play->choices.offers[choice]);
    }
    tp_choices_take(&play->choices, &play->choices.offers[choice]);
    play->effects = play->choices.offers[choice].choice.effects;
    list_messages(play);
    if (play->is_drawn) {
        tp_diagram_look(&play->diagram);
    }
}

static const char *
column_name(const struct tp_diagram *diagram, troupe_pid pid)
{
    for (size_t i = 0; i < diagram->columns_count; i++) {
        if (diagram->columns[i].pid == pid) {
            return diagram->columns[i].name;
        }
    }
    return "time";
}

static void
describe_message(
    struct scene_play *play, size_t choice, char line[SCENE_LINE_SIZE])
{
    struct tp_diagram_line drawn;
    char pid[TP_PID_TEXT_BYTES];

    tp_diagram_describe(&play->diagram, &play->choices.offers[choice], &drawn);
    if (drawn.to == TROUPE_NO_PID) {
        snprintf(line, SCENE_LINE_SIZE, "%s", drawn.text);
    } else {
        snprintf(line, SCENE_LINE_SIZE, "%s %s handles %s",
            column_name(&play->diagram, drawn.to), tp_pid_text(pid, drawn.to),
            drawn.text);
    }
}

/* ---- both ---------------------------------------------------------------- */

void
scene_begin(struct scene_play *play, const struct scene *scene, bool is_drawn)
{
    memset(play, 0, sizeof(*play));
    play->scene = scene;
    play->is_drawn = is_drawn;
    if (is_of_threads(play)) {
        begin_threads(play);
    } else {
        begin_actors(play);
    }
}

void
scene_end(struct scene_play *play)
{
    if (is_of_threads(play)) {
        stage_end(&play->stage);
        if (play->drawing != NULL) {
            fclose(play->drawing);
            free(play->lines);
        }
    } else {
        tp_diagram_fini(&play->diagram);
        tp_choices_fini(&play->choices);
        tp_run_end(&play->run);
    }
}

void
scene_take(struct scene_play *play, size_t choice)
{
    play->steps_count++;
    if (is_of_threads(play)) {
        take_thread(play, play->offers[choice].choice.slot);
    } else {
        take_message(play, choice);
    }
}

void
scene_describe(
    struct scene_play *play, size_t choice, char line[SCENE_LINE_SIZE])
{
    if (is_of_threads(play)) {
        const struct stage_thread *thread =
            &play->stage.threads[play->offers[choice].choice.slot];

        snprintf(line, SCENE_LINE_SIZE, "%s %s", thread->name, thread->next);
    } else {
        describe_message(play, choice, line);
    }
}

bool
scene_is_over(const struct scene_play *play)
{
    return play->offers_count == 0;
}

bool
scene_is_right(struct scene_play *play)
{
    if (is_of_threads(play)) {
        return are_all_over(play) && play->scene->is_right(NULL);
    }
    return play->scene->is_right(&play->run);
}

void
scene_outcome(struct scene_play *play, char line[SCENE_LINE_SIZE])
{
    if (is_of_threads(play)) {
        look_at_words(play, line);
    } else {
        play->scene->look(&play->run, line);
    }
}

void
scene_print(struct scene_play *play, FILE *stream)
{
    if (is_of_threads(play)) {
        fflush(play->drawing);
        fwrite(play->lines, 1, play->lines_size, stream);
    } else {
        tp_diagram_print(&play->diagram, stream);
    }
}
