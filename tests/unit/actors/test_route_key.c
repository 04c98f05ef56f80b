/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: equal values of a field are equal keys, however they are written, and
 * others are not; what has no such field has no key.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "actors/route_key.h"
#include "troupe/troupe.h"

#define FIELDS(FIELD) FIELD(raw, before) FIELD(raw, key)
TROUPE_MESSAGE(keyed, FIELDS)

static struct troupe_runtime *runtime;
static struct troupe_self *self;

static int
setup(void **state)
{
    static struct troupe_schema *const schema = &keyed_schema;

    (void)state;
    TROUPE_CHECK(
        troupe_runtime_create(&TROUPE_OPTIONS(.simulate = true), &runtime));
    self = troupe_thread_self(runtime);
    return troupe_schema_intern(schema) == TROUPE_OK ? 0 : -1;
}

static int
teardown(void **state)
{
    (void)state;
    troupe_runtime_destroy(&runtime);
    return 0;
}

/* Of a message with that payload. */
static bool
read_key(const char *name, const char *payload, size_t size, uint64_t *value)
{
    struct tp_route_key key = {.field = "key"};
    struct troupe_message *message = NULL;
    bool is_read;

    assert_int_equal(
        troupe_message_create(self, name, payload, size, &message), TROUPE_OK);
    is_read = tp_route_key_read(&key, message, value);
    troupe_message_release(self, &message);
    return is_read;
}

#define KEY_OF(payload) key_of("keyed", payload, sizeof(payload) - 1)

static uint64_t
key_of(const char *name, const char *payload, size_t size)
{
    uint64_t value = 0;

    assert_true(read_key(name, payload, size, &value));
    return value;
}

static void
a_number_is_one_key_in_every_form(void **state)
{
    uint64_t five = KEY_OF("\x92\xc0\x05");

    (void)state;
    assert_true(five == KEY_OF("\x92\xc0\xcc\x05"));
    assert_true(five == KEY_OF("\x92\xc0\xcf\0\0\0\0\0\0\0\x05"));
    assert_true(five == KEY_OF("\x92\xc0\xd3\0\0\0\0\0\0\0\x05"));
    assert_true(five != KEY_OF("\x92\xc0\x06"));
    assert_true(KEY_OF("\x92\xc0\xff") == KEY_OF("\x92\xc0\xd0\xff"));
    assert_true(KEY_OF("\x92\xc0\xff") != KEY_OF("\x92\xc0\x01"));
}

static void
a_text_is_one_key_in_every_form(void **state)
{
    (void)state;
    assert_true(KEY_OF("\x92\xc0\xa2"
                       "ab") == KEY_OF("\x92\xc0\xd9\x02"
                                       "ab"));
    assert_true(KEY_OF("\x92\xc0\xa2"
                       "ab") != KEY_OF("\x92\xc0\xa2"
                                       "ba"));
    assert_true(KEY_OF("\x92\xc0\xa0") != KEY_OF("\x92\xc0\xa1"
                                                 "a"));
}

static void
a_fraction_is_one_key_in_every_form(void **state)
{
    (void)state;
    assert_true(KEY_OF("\x92\xc0\xca\x3f\x80\0\0") ==
                KEY_OF("\x92\xc0\xcb\x3f\xf0\0\0\0\0\0\0"));
    assert_true(
        KEY_OF("\x92\xc0\xca\0\0\0\0") == KEY_OF("\x92\xc0\xca\x80\0\0\0"));
    assert_true(
        KEY_OF("\x92\xc0\xca\x3f\x80\0\0") != KEY_OF("\x92\xc0\xca\x40\0\0\0"));
}

static void
whatever_is_before_the_key_is_skipped(void **state)
{
    uint64_t five = KEY_OF("\x92\xc0\x05");

    (void)state;
    assert_true(five == KEY_OF("\x92\x93\x01\x91\x02\x80\x05"));
    assert_true(five == KEY_OF("\x92\x81\xa1"
                               "k\x92\x01\x02\x05"));
    assert_true(five == KEY_OF("\x93\xc0\x05\x07"));
    assert_true(
        KEY_OF("\x92\xc0\x92\x01\x02") != KEY_OF("\x92\xc0\x92\x02\x01"));
    assert_true(KEY_OF("\x92\xc0\xc2") != KEY_OF("\x92\xc0\xc3"));
}

static void
what_has_no_such_field_has_no_key(void **state)
{
    uint64_t value;

    (void)state;
    assert_false(read_key("keyed", "\x91\xc0", 2, &value));
    assert_false(read_key("keyed", "\x05", 1, &value));
    assert_false(read_key("nobody_knows", "\x92\xc0\x05", 3, &value));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_is_one_key_in_every_form),
        cmocka_unit_test(a_text_is_one_key_in_every_form),
        cmocka_unit_test(a_fraction_is_one_key_in_every_form),
        cmocka_unit_test(whatever_is_before_the_key_is_skipped),
        cmocka_unit_test(what_has_no_such_field_has_no_key),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
