/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does a term of pi cost, in messages of some kilobytes?
 *
 * Pi to so many binary places, as a sum of terms
 *
 *     (4 / (8k+1) - 2 / (8k+4) - 1 / (8k+5) - 1 / (8k+6)) / 16^k
 *
 * A master gives each of 20 workers ten terms to compute, and another one for
 * each that comes back, until one is too small to count. Numbers are fractions
 * of 32-bit digits; a term begins where its first digit is that is not 0, so
 * the later ones are shorter.
 *
 * The sum is compared with pi by another formula, Machin's. Each term is off by
 * a few units of the last place, so the last two digits are left out.
 */
#include "bench/savina/memory.h"
#include "bench/savina/play.h"

enum {
    WORKERS_COUNT = 20,
    TERMS_PER_WORKER = 10, /* at first */
    TERMS_PER_DIGIT = 8,   /* each is 4 bits further down */
    DIGITS_NOT_COMPARED = 2,
};

#define TERM(FIELD) FIELD(uint32, k) FIELD(uint32, digits_count)
#define DIGITS(FIELD) FIELD(uint32, first) FIELD(bin, digits)
TROUPE_MESSAGE(pi_term, TERM)
TROUPE_MESSAGE(pi_digits, DIGITS)

/* ---- fractions: digit 0 is what is before the point ---------------------- */

static void
add(uint32_t *sum, const uint32_t *digits, size_t count)
{
    uint64_t carry = 0;

    for (size_t i = count; i-- > 0;) {
        carry += (uint64_t)sum[i] + digits[i];
        sum[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

static void
subtract(uint32_t *sum, const uint32_t *digits, size_t count)
{
    uint64_t borrow = 0;

    for (size_t i = count; i-- > 0;) {
        uint64_t difference = (uint64_t)sum[i] - digits[i] - borrow;

        sum[i] = (uint32_t)difference;
        borrow = difference >> 63;
    }
}

static void
divide(uint32_t *digits, size_t count, uint32_t divisor)
{
    uint64_t rest = 0;

    for (size_t i = 0; i < count; i++) {
        uint64_t dividend = rest << 32 | digits[i];

        digits[i] = (uint32_t)(dividend / divisor);
        rest = dividend % divisor;
    }
}

/* ---- a worker ------------------------------------------------------------ */

/* Sets digits to what numerator / denominator / 16^(k mod 8) is. */
static void
set_quotient(uint32_t *digits, size_t count, uint32_t k, uint32_t numerator,
    uint32_t denominator)
{
    uint64_t shifted = (uint64_t)numerator << (32 - 4 * (k % TERMS_PER_DIGIT));

    memset(digits, 0, count * sizeof(digits[0]));
    digits[0] = (uint32_t)(shifted >> 32);
    if (count > 1) {
        digits[1] = (uint32_t)shifted;
    }
    divide(digits, count, denominator);
}

/* Term k, from its first digit on; part has room for as many. */
static void
compute_term(uint32_t *term, uint32_t *part, size_t count, uint32_t k)
{
    static const uint32_t parts[][2] = {{2, 4}, {1, 5}, {1, 6}};

    set_quotient(term, count, k, 4, 8 * k + 1);
    for (int i = 0; i < 3; i++) {
        set_quotient(part, count, k, parts[i][0], 8 * k + parts[i][1]);
        subtract(term, part, count);
    }
}

static void
on_term(struct troupe_self *self, void *state, const struct pi_term *wanted)
{
    uint32_t first = wanted->k / TERMS_PER_DIGIT;
    size_t count =
        first < wanted->digits_count ? wanted->digits_count - first : 0;
    uint32_t *digits = bench_memory(2 * count + 1, sizeof(digits[0]));

    (void)state;
    if (count > 0) {
        compute_term(digits, digits + count, count, wanted->k);
    }
    (void)troupe_tell(self, troupe_sender(self), pi_digits, .first = first,
        .digits = {digits, (uint32_t)(count * sizeof(digits[0]))});
    free(digits);
}

TROUPE_BEHAVIOUR(pi_worker, 0, TROUPE_ON(pi_term, on_term));

/* ---- the master ---------------------------------------------------------- */

struct master {
    troupe_pid collector;
    uint32_t digits_count;
    uint32_t requested;
    uint32_t received;
    bool is_enough;
    uint32_t *sum;
    uint32_t *term; /* a copy: in a message it need not be aligned */
};

static uint64_t
seal(const uint32_t *digits, size_t count)
{
    uint64_t sum = 0;

    for (size_t i = 0; i + DIGITS_NOT_COMPARED < count; i++) {
        sum = (sum ^ digits[i]) * UINT64_C(0x100000001b3);
    }
    return sum;
}

static void
request_term(struct troupe_self *self, struct master *master, troupe_pid worker)
{
    (void)troupe_tell(self, worker, pi_term, .k = master->requested++,
        .digits_count = master->digits_count);
}

static void
on_digits(struct troupe_self *self, void *state, const struct pi_digits *told)
{
    struct master *master = state;
    size_t count = told->digits.size / sizeof(master->term[0]);

    master->received++;
    if (count > 0) {
        memcpy(master->term, told->digits.data, told->digits.size);
        add(master->sum + told->first, master->term, count);
    }
    master->is_enough |= count == 0;
    if (!master->is_enough) {
        request_term(self, master, troupe_sender(self));
    } else if (master->received == master->requested) {
        (void)troupe_tell(self, master->collector, outcome,
            .value = seal(master->sum, master->digits_count));
    }
}

static void
on_start(struct troupe_self *self, void *state)
{
    struct master *master = state;

    master->sum = bench_memory(master->digits_count, sizeof(uint32_t));
    master->term = bench_memory(master->digits_count, sizeof(uint32_t));
    for (int i = 0; i < WORKERS_COUNT; i++) {
        troupe_pid pid;

        TROUPE_CHECK(troupe_spawn(self, pi_worker, &pid));
        for (int k = 0; k < TERMS_PER_WORKER; k++) {
            request_term(self, master, pid);
        }
    }
}

static void
on_stop(struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    struct master *master = state;

    (void)self, (void)why;
    free(master->sum);
    free(master->term);
}

TROUPE_BEHAVIOUR(pi_master, sizeof(struct master), TROUPE_ON_START(on_start),
    TROUPE_ON(pi_digits, on_digits), TROUPE_ON_STOP(on_stop));

/* ---- pi by Machin's formula, 16 arctan(1/5) - 4 arctan(1/239) -------------
 */

static bool
is_zero(const uint32_t *digits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (digits[i] != 0) {
            return false;
        }
    }
    return true;
}

/* Adds factor * arctan(1 / x), or takes it away. */
static void
add_arctan(
    uint32_t *sum, size_t count, uint32_t factor, uint32_t x, bool is_less)
{
    uint32_t *power = bench_memory(count, sizeof(power[0]));
    uint32_t *term = bench_memory(count, sizeof(term[0]));

    power[0] = factor;
    divide(power, count, x);
    for (uint32_t i = 1; !is_zero(power, count); i += 2) {
        memcpy(term, power, count * sizeof(term[0]));
        divide(term, count, i);
        (is_less ? subtract : add)(sum, term, count);
        divide(power, count, x * x);
        is_less = !is_less;
    }
    free(power);
    free(term);
}

static uint64_t
seal_of_pi(size_t count)
{
    uint32_t *sum = bench_memory(count, sizeof(sum[0]));
    uint64_t sealed;

    add_arctan(sum, count, 16, 5, false);
    add_arctan(sum, count, 4, 239, true);
    sealed = seal(sum, count);
    free(sum);
    return sealed;
}

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    uint64_t terms = bench_play_at_least(bench->count, 4 * TERMS_PER_DIGIT);
    struct master master = {
        .collector = bench_collector_spawn(bench, 1),
        .digits_count = (uint32_t)(terms / TERMS_PER_DIGIT),
    };

    return bench_play(bench,
        &(struct bench_play){
            .first = &pi_master_behaviour,
            .state = &master,
            .collector = master.collector,
            .sum = seal_of_pi(master.digits_count),
            .units_count = master.digits_count * TERMS_PER_DIGIT,
        },
        result);
}

const struct bench bench_pi = {
    .name = "pi",
    .group = "savina",
    .question = "pi to many places, each term by a worker",
    .unit = "ns/term",
    .count = 12000,
    .run = run,
};
