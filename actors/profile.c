/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/profile.h"

#include "actors/pid_text.h"
#include "base/err.h"
#include "base/memory.h"

#include <inttypes.h>
#include <string.h>

enum { WORDS_COUNT = sizeof(struct tp_profile) / sizeof(uint64_t) };

_Static_assert(sizeof(struct tp_profile) % sizeof(uint64_t) == 0,
    "a profile is read and written word by word");

/* ---- what options mean --------------------------------------------------- */

/* The three marks of messages, or of bytes. */
struct marks {
    uint64_t high;
    uint64_t low;
    uint64_t hard;
};

/* What is 0 is as usual; a low mark is a quarter of a high mark that is given,
 * and a hard mark is raised to it. */
static struct marks
complete(struct marks given, struct marks usual)
{
    struct marks made = given;

    if (given.high == 0) {
        made.high = usual.high;
    }
    if (given.low == 0) {
        made.low = given.high == 0 ? usual.low : given.high / 4;
    }
    if (given.hard == 0) {
        made.hard = usual.hard > made.high ? usual.hard : made.high;
    }
    return made;
}

static troupe_err
check(const char *what, struct marks marks, uint64_t max)
{
    if (marks.low >= marks.high) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "mailbox: %s_low is %" PRIu64 " and %s_high %" PRIu64
            "; the low mark must be below the high mark",
            what, marks.low, what, marks.high);
    }
    if (marks.high > marks.hard) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "mailbox: %s_high is %" PRIu64 " and %s_hard %" PRIu64
            "; the hard mark must not be below the high mark",
            what, marks.high, what, marks.hard);
    }
    if (marks.hard > max) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "mailbox: %s_hard is %" PRIu64 "; at most %" PRIu64
            " can be counted",
            what, marks.hard, max);
    }
    return TROUPE_OK;
}

static troupe_err
resolve_marks(const struct troupe_mailbox_options *given,
    const struct tp_limit_marks *usual, struct tp_limit_marks *made)
{
    struct marks messages =
        complete((struct marks){given->messages_high, given->messages_low,
                     given->messages_hard},
            (struct marks){usual->messages_high, usual->messages_low,
                usual->messages_hard});
    struct marks bytes = complete(
        (struct marks){given->bytes_high, given->bytes_low, given->bytes_hard},
        (struct marks){usual->bytes_high, usual->bytes_low, usual->bytes_hard});
    troupe_err err = check("messages", messages, TP_LIMIT_MESSAGES_MAX);

    if (err == TROUPE_OK) {
        err = check("bytes", bytes, TP_LIMIT_BYTES_MAX);
    }
    *made = (struct tp_limit_marks){messages.high, messages.low, messages.hard,
        bytes.high, bytes.low, bytes.hard};
    return err;
}

static bool
has_marks(const struct troupe_mailbox_options *options)
{
    return (options->messages_high | options->messages_low |
               options->messages_hard | options->bytes_high |
               options->bytes_low | options->bytes_hard) != 0;
}

/* Where the policy begins to act: what pauses nobody does so at the high mark,
 * and drops the oldest one only when it runs. */
static void
move_hard_mark(struct tp_profile *profile)
{
    struct tp_limit_marks *marks = &profile->marks;

    switch ((enum troupe_mailbox_policy)profile->policy) {
    case TROUPE_MAILBOX_REJECT:
    case TROUPE_MAILBOX_DROP_NEWEST:
    case TROUPE_MAILBOX_REDIRECT:
        marks->messages_hard = marks->messages_high;
        marks->bytes_hard = marks->bytes_high;
        break;
    case TROUPE_MAILBOX_UNBOUNDED:
        marks->messages_high = marks->messages_hard = TP_LIMIT_MESSAGES_MAX;
        marks->bytes_high = marks->bytes_hard = TP_LIMIT_BYTES_MAX;
        break;
    case TROUPE_MAILBOX_DEFAULT:
    case TROUPE_MAILBOX_PAUSE:
    case TROUPE_MAILBOX_DROP_OLDEST:
        break;
    }
}

static troupe_err
check_policy(
    const struct troupe_mailbox_options *given, uint64_t policy_resolved)
{
    if (policy_resolved > TROUPE_MAILBOX_UNBOUNDED) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "mailbox: there is no policy %" PRIu64
            "; see troupe_mailbox_policy",
            policy_resolved);
    }
    if (policy_resolved == TROUPE_MAILBOX_UNBOUNDED && has_marks(given)) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "mailbox: the policy is UNBOUNDED and marks are given; leave out "
            "one of them");
    }
    if (policy_resolved != TROUPE_MAILBOX_REDIRECT &&
        given->redirect_to != TROUPE_NO_PID) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "mailbox: redirect_to is given and the policy is not REDIRECT");
    }
    return TROUPE_OK;
}

static troupe_err
resolve(const struct troupe_mailbox_options *given,
    const struct tp_limit_marks *usual, uint64_t usual_policy,
    struct tp_profile *made)
{
    uint64_t policy = given->policy == TROUPE_MAILBOX_DEFAULT
                          ? usual_policy
                          : (uint64_t)given->policy;
    troupe_err err = check_policy(given, policy);

    if (err == TROUPE_OK) {
        err = resolve_marks(given, usual, &made->marks);
    }
    made->policy = policy;
    made->redirect_to = given->redirect_to;
    return err;
}

static bool
is_silent(const struct troupe_mailbox_options *options)
{
    return options->policy == TROUPE_MAILBOX_DEFAULT && !has_marks(options) &&
           options->redirect_to == TROUPE_NO_PID;
}

/* The actor that is being spawned has no pid yet, so it cannot be this one. */
static troupe_err
check_redirection(struct tp_profiles *profiles, const struct tp_profile *wanted)
{
    char text[TP_PID_TEXT_BYTES];
    struct tp_actor *actor;

    if (wanted->policy != TROUPE_MAILBOX_REDIRECT) {
        return TROUPE_OK;
    }
    if (wanted->redirect_to == TROUPE_NO_PID) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "mailbox: the policy is REDIRECT and redirect_to names no actor");
    }
    actor = tp_registry_find(profiles->registry, wanted->redirect_to);
    if (actor == NULL) {
        return tp_err_set(TROUPE_E_NO_SUCH_ACTOR,
            "mailbox: redirect_to is %s, an actor that this runtime never made",
            tp_pid_text(text, wanted->redirect_to));
    }
    if (ck_pr_load_32(&actor->task.bound) == TP_TASK_ELSEWHERE) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "mailbox: redirect_to is %s, a thread outside the runtime, which "
            "takes replies only",
            tp_pid_text(text, wanted->redirect_to));
    }
    return TROUPE_OK;
}

/* ---- the table ----------------------------------------------------------- */

static struct tp_profile_entry *
entry_at(struct tp_profiles *profiles, uint32_t index)
{
    struct tp_profile_entry *chunk =
        ck_pr_load_ptr(&profiles->chunks[index / TP_PROFILES_CHUNK_COUNT]);

    return &chunk[index % TP_PROFILES_CHUNK_COUNT];
}

/* Word by word: a sender with a stale tag may be reading. The release pairs
 * with the acquire that follows tp_profiles_read() (actors/post.c). */
static void
fill(struct tp_profile_entry *entry, const struct tp_profile *profile)
{
    const uint64_t *from = (const uint64_t *)(const void *)profile;
    uint64_t *to = (uint64_t *)(void *)&entry->profile;

    ck_pr_fence_release();
    for (int i = 0; i < WORDS_COUNT; i++) {
        ck_pr_store_64(&to[i], from[i]);
    }
}

static bool
are_equal(const struct tp_profile *one, const struct tp_profile *other)
{
    return memcmp(one, other, sizeof(*one)) == 0;
}

static struct tp_profile_entry **
bucket_of(struct tp_profiles *profiles, const struct tp_profile *profile)
{
    const uint64_t *words = (const uint64_t *)(const void *)profile;
    uint64_t hash = 0;

    for (int i = 0; i < WORDS_COUNT; i++) {
        hash = (hash ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15);
    }
    return &profiles->buckets[hash >> 56];
}

_Static_assert(TP_PROFILES_BUCKETS_COUNT == 1 << 8, "a hash has 8 bits");

static troupe_err
add_chunk(struct tp_profiles *profiles)
{
    struct tp_profile_entry *chunk =
        tp_memory_alloc_zeroed(TP_PROFILES_CHUNK_COUNT, sizeof(*chunk));

    if (chunk == NULL) {
        return tp_err_set(
            TROUPE_E_NO_MEMORY, "no memory for the marks of a mailbox");
    }
    for (uint32_t i = 0; i < TP_PROFILES_CHUNK_COUNT; i++) {
        chunk[i].index = profiles->entries_count + i;
    }
    ck_pr_store_ptr(
        &profiles->chunks[profiles->entries_count / TP_PROFILES_CHUNK_COUNT],
        chunk);
    return TROUPE_OK;
}

/* An entry that nobody holds, linked nowhere. With the mutex. */
static troupe_err
take_entry(struct tp_profiles *profiles, struct tp_profile_entry **entry)
{
    troupe_err err = TROUPE_OK;

    if (profiles->unused != NULL) {
        *entry = profiles->unused;
        profiles->unused = (*entry)->next;
        return TROUPE_OK;
    }
    if (profiles->entries_count == TP_PROFILES_MAX) {
        return tp_err_set(TROUPE_E_NO_MEMORY,
            "mailboxes of %d different kinds are in use, which is all",
            TP_PROFILES_MAX);
    }
    if (profiles->entries_count % TP_PROFILES_CHUNK_COUNT == 0) {
        err = add_chunk(profiles);
    }
    if (err == TROUPE_OK) {
        *entry = entry_at(profiles, profiles->entries_count);
        profiles->entries_count++;
    }
    return err;
}

/* Finds or makes it, and holds it once more. With the mutex. */
static troupe_err
acquire(struct tp_profiles *profiles, const struct tp_profile *wanted,
    uint32_t *index)
{
    struct tp_profile_entry **bucket = bucket_of(profiles, wanted);
    struct tp_profile_entry *entry = *bucket;
    troupe_err err;

    while (entry != NULL && !are_equal(&entry->profile, wanted)) {
        entry = entry->next;
    }
    if (entry == NULL) {
        err = take_entry(profiles, &entry);
        if (err != TROUPE_OK) {
            return err;
        }
        fill(entry, wanted);
        entry->next = *bucket;
        *bucket = entry;
    }
    entry->uses_count++;
    *index = entry->index;
    return TROUPE_OK;
}

/* With the mutex. */
static void
release(struct tp_profiles *profiles, uint32_t index)
{
    struct tp_profile_entry *entry = entry_at(profiles, index);
    struct tp_profile_entry **place = bucket_of(profiles, &entry->profile);

    if (--entry->uses_count > 0) {
        return;
    }
    while (*place != entry) {
        place = &(*place)->next;
    }
    *place = entry->next;
    entry->next = profiles->unused;
    profiles->unused = entry;
}

static uint32_t
index_in(struct tp_actor *actor)
{
    return ck_pr_load_32(&actor->task.tag) & ~TP_PROFILE_ROUTES;
}

troupe_err
tp_profiles_find(struct tp_profiles *profiles, struct tp_actor *actor,
    const struct troupe_mailbox_options *options, uint32_t *index)
{
    uint32_t held = index_in(actor);
    struct tp_profile wanted;
    troupe_err err;

    if (is_silent(options)) {
        *index = profiles->default_index;
        return TROUPE_OK;
    }
    err = resolve(options, &entry_at(profiles, TP_PROFILE_USUAL)->profile.marks,
        entry_at(profiles, profiles->default_index)->profile.policy, &wanted);
    if (err == TROUPE_OK) {
        err = check_redirection(profiles, &wanted);
    }
    if (err != TROUPE_OK) {
        return err;
    }
    move_hard_mark(&wanted);
    /* What the slot holds needs no mutex. The first two are always there. */
    for (uint32_t i = TP_PROFILE_USUAL; i <= TP_PROFILE_DEFAULT; i++) {
        if (are_equal(&entry_at(profiles, i)->profile, &wanted)) {
            *index = i;
            return TROUPE_OK;
        }
    }
    if (are_equal(&entry_at(profiles, held)->profile, &wanted)) {
        *index = held;
        return TROUPE_OK;
    }
    pthread_mutex_lock(&profiles->mutex);
    err = acquire(profiles, &wanted, index);
    pthread_mutex_unlock(&profiles->mutex);
    return err;
}

void
tp_profiles_assign(
    struct tp_profiles *profiles, struct tp_actor *actor, uint32_t tag)
{
    uint32_t held = index_in(actor);

    if (__builtin_expect(ck_pr_load_32(&actor->task.tag) == tag, 1)) {
        return;
    }
    /* After the incarnation, for who reads them in the other order; and after
     * the entry, for who follows it. */
    ck_pr_fence_release();
    ck_pr_store_32(&actor->task.tag, tag);
    if (held > TP_PROFILE_DEFAULT && held != (tag & ~TP_PROFILE_ROUTES)) {
        pthread_mutex_lock(&profiles->mutex);
        release(profiles, held);
        pthread_mutex_unlock(&profiles->mutex);
    }
}

const struct tp_profile *
tp_profiles_read(struct tp_profiles *profiles, struct tp_actor *actor,
    struct tp_profile *copy)
{
    uint32_t index = index_in(actor);
    uint64_t *words = (uint64_t *)(void *)copy;
    uint64_t *from;

    ck_pr_fence_acquire();
    from = (uint64_t *)(void *)&entry_at(profiles, index)->profile;
    if (index <= TP_PROFILE_DEFAULT) {
        return (const struct tp_profile *)(void *)from;
    }
    for (int i = 0; i < WORDS_COUNT; i++) {
        words[i] = ck_pr_load_64(&from[i]);
    }
    return copy;
}

const struct tp_profile *
tp_profiles_at(struct tp_profiles *profiles, uint32_t index)
{
    return &entry_at(profiles, index)->profile;
}

/* ---- the runtime's own --------------------------------------------------- */

static troupe_err
fill_first(struct tp_profiles *profiles, struct tp_profile *given)
{
    struct tp_profile usual = {given->marks, TROUPE_MAILBOX_PAUSE, 0};
    troupe_err err = add_chunk(profiles);

    if (err != TROUPE_OK) {
        return err;
    }
    profiles->entries_count = TP_PROFILE_DEFAULT + 1;
    profiles->default_index = given->policy == TROUPE_MAILBOX_PAUSE
                                  ? TP_PROFILE_USUAL
                                  : TP_PROFILE_DEFAULT;
    fill(entry_at(profiles, TP_PROFILE_USUAL), &usual);
    move_hard_mark(given);
    fill(entry_at(profiles, TP_PROFILE_DEFAULT), given);
    return TROUPE_OK;
}

troupe_err
tp_profiles_init(struct tp_profiles *profiles, struct tp_registry *registry,
    const struct troupe_mailbox_options *options)
{
    struct tp_profile given;
    troupe_err err =
        resolve(options, &tp_limit_marks_default, TROUPE_MAILBOX_PAUSE, &given);

    memset(profiles, 0, sizeof(*profiles));
    profiles->registry = registry;
    pthread_mutex_init(&profiles->mutex, NULL);
    if (err == TROUPE_OK && given.policy == TROUPE_MAILBOX_REDIRECT) {
        err = tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "mailbox: a runtime's policy cannot be REDIRECT, there is no actor "
            "yet; give it to the actors that need it");
    }
    return err == TROUPE_OK ? fill_first(profiles, &given) : err;
}

void
tp_profiles_fini(struct tp_profiles *profiles)
{
    if (profiles->registry == NULL) {
        return;
    }
    for (uint32_t i = 0; i < TP_PROFILES_MAX / TP_PROFILES_CHUNK_COUNT; i++) {
        tp_memory_free(profiles->chunks[i]);
    }
    pthread_mutex_destroy(&profiles->mutex);
}
