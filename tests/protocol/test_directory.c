/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: nobody reads what has been freed; who is a member while a reader goes
 * along the members is met once, and a word that is there is found, whatever a
 * writer does meanwhile; a payload that several share is freed once, by the
 * last.
 *
 * Method: one or two readers and a writer, or three who free. Every order of
 * the operations; with store buffers where a store might wait for a load. What
 * is freed is noted, and its memory kept until the order is over.
 */
/* The arena's in the code under test. */
#undef tp_memory_alloc
#undef tp_memory_alloc_zeroed
#undef tp_memory_free

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "actors/words.h"
#include "mailbox/shared.h"
#include "tests/support/check.h"
#include "tests/support/orders.h"

/* ---- memory -------------------------------------------------------------- */

enum { FREED_MAX = 64, ARENA_BYTES = 1 << 16 };

/* The same addresses in each order. */
static union {
    max_align_t align;
    char bytes[ARENA_BYTES];
} arena;
static size_t arena_used;
static void *freed[FREED_MAX];
static unsigned freed_count;

/* What the code under test calls instead of tp_memory_alloc() and so on. */
void *arena_alloc(size_t bytes);
void *arena_alloc_zeroed(size_t count, size_t size);
void arena_free(void *memory);

void *
arena_alloc(size_t bytes)
{
    void *memory = &arena.bytes[arena_used];

    arena_used += (bytes + 63) / 64 * 64;
    CHECK(arena_used <= ARENA_BYTES);
    return memory;
}

void *
arena_alloc_zeroed(size_t count, size_t size)
{
    return memset(arena_alloc(count * size), 0, count * size);
}

void
arena_free(void *memory)
{
    CHECK(freed_count < FREED_MAX);
    for (unsigned i = 0; i < freed_count; i++) {
        CHECK(freed[i] != memory);
    }
    if (memory != NULL) {
        steps_touch(&freed_count, "free");
        freed[freed_count++] = memory;
    }
}

static void
begin_arena(void)
{
    arena_used = 0;
    freed_count = 0;
}

static bool
is_freed(const void *memory)
{
    for (unsigned i = 0; i < freed_count; i++) {
        if (freed[i] == memory) {
            return true;
        }
    }
    return false;
}

/* ---- grace --------------------------------------------------------------- */

struct thing {
    struct tp_grace_retired retired;
    uint32_t is_alive; /* its reading and its freeing are steps of it */
};

enum { READERS = 2, CHANGES = 2 };

static struct tp_grace grace;
static struct tp_grace_reader readers[READERS];
static struct thing *things[CHANGES + 1];
static struct thing *current;
static unsigned seen[READERS];

static void
read_current(void *arg)
{
    unsigned number = *(const unsigned *)arg;
    uint64_t was = tp_grace_begin(&grace, &readers[number]);
    struct thing *thing = ck_pr_load_ptr(&current);

    seen[number] = ck_pr_load_32(&thing->is_alive);
    CHECK(seen[number] != 0);
    tp_grace_end(&readers[number], was);
}

/* What has been freed since is dead, in a step. */
static void
kill_freed(unsigned from)
{
    for (unsigned i = from; i < freed_count; i++) {
        struct thing *thing = freed[i];

        ck_pr_store_32(&thing->is_alive, 0);
    }
}

static void
replace(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < CHANGES; i++) {
        struct thing *old = current;
        unsigned before;

        ck_pr_fence_store();
        ck_pr_store_ptr(&current, things[i + 1]);
        tp_grace_retire(&grace, &old->retired);
        before = freed_count;
        tp_grace_reclaim(&grace);
        kill_freed(before);
    }
}

static unsigned readers_count;

static void
begin_grace(struct steps *steps)
{
    static unsigned numbers[READERS] = {0, 1};

    begin_arena();
    tp_grace_init(&grace);
    memset(readers, 0, sizeof(readers));
    for (unsigned i = 0; i <= CHANGES; i++) {
        things[i] = arena_alloc_zeroed(1, sizeof(*things[i]));
        things[i]->is_alive = i + 1;
    }
    current = things[0];
    for (unsigned i = 0; i < readers_count; i++) {
        seen[i] = 0;
        steps_add(steps, read_current, &numbers[i]);
    }
    steps_add(steps, replace, NULL);
}

static uint64_t
end_grace(void)
{
    uint64_t result = freed_count;

    CHECK(!is_freed(current));
    tp_grace_reclaim(&grace);
    CHECK(freed_count == CHANGES); /* nothing is kept when nobody reads */
    for (unsigned i = 0; i < readers_count; i++) {
        result = result << 4 | seen[i];
    }
    return result;
}

static void
nobody_reads_what_has_been_freed_in_every_order(void **state)
{
    static const struct orders_world world = {
        .begin = begin_grace,
        .end = end_grace,
    };

    (void)state;
    for (readers_count = 1; readers_count <= READERS; readers_count++) {
        assert_true(orders_run_both(world) > 10);
    }
}

/* ---- members ------------------------------------------------------------- */

struct tp_stake {
    uint32_t place;
};

void
tp_stake_move(struct tp_stake *stake, uint32_t place)
{
    stake->place = place;
}

/* Pids, by their incarnations. */
enum { STAYS, LEAVES, STAYS_TOO, COMES, COMES_TOO, COMES_LAST, PEOPLE };

static struct tp_words words;
static struct tp_word *word;
static struct tp_stake stakes[PEOPLE];
static unsigned met[PEOPLE];

static troupe_pid
pid_of(unsigned person)
{
    return (troupe_pid)(person + 1) << 32 | person;
}

static void
join(unsigned person)
{
    stakes[person].place = tp_words_take_place(word, &grace);
    CHECK(stakes[person].place != UINT32_MAX);
    tp_words_join(word, stakes[person].place, pid_of(person), &stakes[person]);
}

/* Fills the hole, then the last place, then goes to a larger array. */
static void
come_and_go(void *arg)
{
    (void)arg;
    tp_words_leave(word, &grace, stakes[LEAVES].place);
    join(COMES);
    join(COMES_TOO);
    join(COMES_LAST);
    tp_grace_reclaim(&grace);
}

static void
meet_all(void *arg)
{
    uint64_t was = tp_grace_begin(&grace, &readers[0]);
    const struct tp_members *members =
        tp_members_of(tp_words_find(&words, "group"));
    uint32_t used = tp_members_used(members);

    (void)arg;
    for (uint32_t i = 0; i < used; i++) {
        troupe_pid pid = tp_members_at(members, i);

        if (pid != TROUPE_NO_PID) {
            met[troupe_pid_slot(pid)]++;
        }
    }
    steps_touch(&freed_count, "look");
    CHECK(!is_freed(members));
    tp_grace_end(&readers[0], was);
}

static void
begin_members(struct steps *steps)
{
    begin_arena();
    tp_grace_init(&grace);
    memset(readers, 0, sizeof(readers));
    memset(met, 0, sizeof(met));
    words = (struct tp_words){NULL, 0};
    word = tp_words_get(&words, &grace, "group");
    CHECK(word != NULL);
    join(STAYS);
    join(LEAVES);
    join(STAYS_TOO);
    steps_add(steps, meet_all, NULL);
    steps_add(steps, come_and_go, NULL);
}

static uint64_t
end_members(void)
{
    uint64_t result = 0;

    CHECK(met[STAYS] == 1 && met[STAYS_TOO] == 1);
    for (unsigned i = 0; i < PEOPLE; i++) {
        CHECK(met[i] <= 1);
        result = result << 1 | met[i];
    }
    memset(met, 0, sizeof(met));
    meet_all(NULL);
    for (unsigned i = 0; i < PEOPLE; i++) {
        CHECK(met[i] == (i != LEAVES));
    }
    tp_words_fini(&words);
    tp_grace_fini(&grace);
    return result;
}

static void
who_stays_is_met_once_in_every_order(void **state)
{
    static const struct orders_world world = {
        .begin = begin_members,
        .end = end_members,
    };

    (void)state;
    assert_true(orders_run_all(&world) > 10);
}

/* ---- words --------------------------------------------------------------- */

enum { OTHERS = 8 }; /* so many that the table is made anew */

static const char *const others[OTHERS] = {
    "a", "b", "c", "d", "e", "f", "g", "h"};
static bool has_found;

static void
find_word(void *arg)
{
    uint64_t was = tp_grace_begin(&grace, &readers[0]);
    const void *places = ck_pr_load_ptr(&words.places);
    const struct tp_word *found = tp_words_find(&words, "group");

    (void)arg;
    has_found = found == word;
    steps_touch(&freed_count, "look");
    CHECK(!is_freed(found) && !is_freed(places));
    tp_grace_end(&readers[0], was);
}

static void
come_and_go_words(void *arg)
{
    struct tp_word *gone = tp_words_get(&words, &grace, others[6]);

    (void)arg;
    CHECK(gone != NULL);
    tp_words_tidy(&words, &grace, gone);
    CHECK(tp_words_get(&words, &grace, others[7]) != NULL);
    CHECK(tp_words_get(&words, &grace, others[6]) != NULL);
    tp_grace_reclaim(&grace);
}

static void
begin_words(struct steps *steps)
{
    begin_arena();
    tp_grace_init(&grace);
    memset(readers, 0, sizeof(readers));
    words = (struct tp_words){NULL, 0};
    has_found = false;
    for (unsigned i = 0; i < 6; i++) {
        CHECK(tp_words_get(&words, &grace, others[i]) != NULL);
    }
    word = tp_words_get(&words, &grace, "group");
    word->holder = pid_of(STAYS);
    steps_add(steps, find_word, NULL);
    steps_add(steps, come_and_go_words, NULL);
}

static uint64_t
end_words(void)
{
    CHECK(has_found);
    tp_words_fini(&words);
    tp_grace_fini(&grace);
    return 0;
}

static void
a_word_that_is_there_is_found_in_every_order(void **state)
{
    static const struct orders_world world = {
        .begin = begin_words,
        .end = end_words,
    };

    (void)state;
    assert_true(orders_run_all(&world) > 1);
}

/* ---- a payload ----------------------------------------------------------- */

enum { ENVELOPES = 2 };

static struct tp_block_depot depot;
static struct tp_block_cache caches[ENVELOPES + 1];
static struct troupe_message *content;
static struct troupe_message *envelopes[ENVELOPES];

static void
free_envelope(void *arg)
{
    unsigned number = *(const unsigned *)arg;

    CHECK(*tp_message_payload_view(envelopes[number]) == 'x');
    tp_shared_free(&caches[number], envelopes[number]);
}

static void
end_publishing(void *arg)
{
    (void)arg;
    tp_shared_end(&caches[ENVELOPES], &content, 1);
}

static void
begin_payload(struct steps *steps)
{
    static unsigned numbers[ENVELOPES] = {0, 1};

    begin_arena();
    tp_block_depot_init(&depot);
    for (int i = 0; i <= ENVELOPES; i++) {
        tp_block_cache_init(&caches[i], &depot);
    }
    content = tp_block_take(&caches[ENVELOPES], 1, 128);
    CHECK(content != NULL);
    *content = (struct troupe_message){.payload_size = 60, .size_class = 1};
    content->payload[0] = 'x';
    tp_shared_begin(content, ENVELOPES + 1); /* one more than there will be */
    for (unsigned i = 0; i < ENVELOPES; i++) {
        envelopes[i] = tp_shared_make(&caches[ENVELOPES], content);
        CHECK(envelopes[i] != NULL);
        steps_add(steps, free_envelope, &numbers[i]);
    }
    steps_add(steps, end_publishing, NULL);
}

/* Blocks are allocations here: whoever had the content has freed it. */
static uint64_t
end_payload(void)
{
    uint64_t result = freed_count;

    CHECK(freed_count == ENVELOPES + 1);
    tp_block_depot_fini(&depot);
    return result;
}

static void
a_payload_is_freed_once_in_every_order(void **state)
{
    static const struct orders_world world = {
        .begin = begin_payload,
        .end = end_payload,
    };

    (void)state;
    assert_true(orders_run_both(world) > 5);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_reads_what_has_been_freed_in_every_order),
        cmocka_unit_test(who_stays_is_met_once_in_every_order),
        cmocka_unit_test(a_word_that_is_there_is_found_in_every_order),
        cmocka_unit_test(a_payload_is_freed_once_in_every_order),
    };
    return cmocka_run_group_tests_name("directory", tests, NULL, NULL);
}
