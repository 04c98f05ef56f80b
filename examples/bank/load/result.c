/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/load/result.h"

#include "cli/number.h"
#include "cli/table.h"
#include "examples/bank/money.h"

#include <inttypes.h>
#include <jansson.h>

enum column {
    CONNECTIONS,
    IN_FLIGHT,
    REQUESTS,
    RATE,
    P50,
    P99,
    P999,
    MAX,
    REFUSED,
    COLUMNS_COUNT
};

static const char *const headings[COLUMNS_COUNT] = {
    [CONNECTIONS] = "connections",
    [IN_FLIGHT] = "in flight",
    [REQUESTS] = "requests",
    [RATE] = "requests/s",
    [P50] = "p50 us",
    [P99] = "p99 us",
    [P999] = "p99.9 us",
    [MAX] = "max us",
    [REFUSED] = "refused",
};

static double
wait_us(const struct bank_outcome *outcome, uint32_t share_millionths)
{
    return (double)bank_histogram_at(&outcome->waits, share_millionths) / 1e3;
}

static void
set_number(struct cli_table *table, enum column column, uint64_t number)
{
    char text[CLI_NUMBER_SIZE];

    cli_table_set(table, 1, column, "%s", cli_number_format(text, number));
}

static void
fill(struct cli_table *table, const struct bank_plan *plan,
    const struct bank_outcome *outcome)
{
    for (size_t i = 0; i < COLUMNS_COUNT; i++) {
        cli_table_set(table, 0, i, "%s", headings[i]);
    }
    set_number(table, CONNECTIONS, plan->connections_count);
    set_number(table, IN_FLIGHT, plan->flights_max);
    set_number(table, REQUESTS, outcome->waits.count);
    set_number(table, RATE, (uint64_t)bank_outcome_rate(outcome));
    cli_table_set(table, 1, P50, "%.1f", wait_us(outcome, 500000));
    cli_table_set(table, 1, P99, "%.1f", wait_us(outcome, 990000));
    cli_table_set(table, 1, P999, "%.1f", wait_us(outcome, 999000));
    cli_table_set(table, 1, MAX, "%.1f", (double)outcome->waits.max / 1e3);
    set_number(table, REFUSED, outcome->refused_count);
}

static void
print_loop(const struct bank_plan *plan, const struct bank_outcome *outcome,
    FILE *stream)
{
    char rate[CLI_NUMBER_SIZE];
    char unsent[CLI_NUMBER_SIZE];

    if (plan->rate == 0) {
        fputs(
            "A closed loop: a connection asks again when it is answered, so a "
            "server that\nstops is asked less in that time. --rate asks on "
            "time.\n",
            stream);
        return;
    }
    fprintf(stream,
        "An open loop of %s requests a second: times count from when a request "
        "was due.\n",
        cli_number_format(rate, plan->rate));
    if (outcome->unsent_count > 0) {
        fprintf(stream,
            "%s requests were due and could not be sent before the end: that "
            "is more than\nthe server takes. They are in none of the times.\n",
            cli_number_format(unsent, outcome->unsent_count));
    }
}

static void
print_refusals(const struct bank_outcome *outcome, FILE *stream)
{
    char count[CLI_NUMBER_SIZE];

    for (size_t i = 0; i < BANK_REFUSALS_COUNT; i++) {
        const struct bank_refusal *refusal = &outcome->refusals[i];

        if (refusal->count > 0) {
            fprintf(stream, "Refused %s times: %" PRIu32 ", %s\n",
                cli_number_format(count, refusal->count), refusal->code,
                refusal->text);
        }
    }
}

static void
print_total(const struct bank_outcome *outcome, FILE *stream)
{
    char total[BANK_MONEY_TEXT_SIZE];
    char least[BANK_MONEY_TEXT_SIZE];
    char most[BANK_MONEY_TEXT_SIZE];

    bank_money_format(total, outcome->total_cents);
    bank_money_format(least, outcome->expected_least_cents);
    bank_money_format(most, outcome->expected_most_cents);
    if (bank_outcome_is_right(outcome)) {
        fprintf(stream, "The bank has %s, as its answers say.\n", total);
    } else if (outcome->expected_least_cents == outcome->expected_most_cents) {
        fprintf(stream,
            "The bank has %s, and by its answers it must have %s.\n", total,
            least);
    } else {
        fprintf(stream,
            "The bank has %s, and by its answers it must have from %s to "
            "%s.\n",
            total, least, most);
    }
}

bool
bank_result_table(const struct bank_plan *plan,
    const struct bank_outcome *outcome, FILE *stream, size_t width)
{
    struct cli_table table;

    if (!cli_table_init(&table, 2, COLUMNS_COUNT)) {
        return false;
    }
    fill(&table, plan, outcome);
    cli_table_print(&table, stream, width);
    cli_table_fini(&table);
    fputc('\n', stream);
    print_loop(plan, outcome, stream);
    print_refusals(outcome, stream);
    print_total(outcome, stream);
    return true;
}

static json_t *
refusals_json(const struct bank_outcome *outcome)
{
    json_t *array = json_array();

    for (size_t i = 0; array != NULL && i < BANK_REFUSALS_COUNT; i++) {
        const struct bank_refusal *refusal = &outcome->refusals[i];

        if (refusal->count > 0) {
            json_array_append_new(
                array, json_pack("{s:I, s:I, s:s}", "code",
                           (json_int_t)refusal->code, "count",
                           (json_int_t)refusal->count, "text", refusal->text));
        }
    }
    return array;
}

static json_t *
outcome_json(const struct bank_plan *plan, const struct bank_outcome *outcome)
{
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:f, "
                     "s:f, s:I, s:I, s:o, s:I, s:I, s:I, s:b}",
        "protocol", plan->protocol->name, "connections_count",
        (json_int_t)plan->connections_count, "in_flight_max",
        (json_int_t)plan->flights_max, "accounts_count",
        (json_int_t)plan->accounts_count, "rate", (json_int_t)plan->rate,
        "requests_count", (json_int_t)outcome->waits.count, "seconds",
        (double)outcome->elapsed_ns / 1e9, "requests_per_second",
        bank_outcome_rate(outcome), "p50_us", wait_us(outcome, 500000),
        "p99_us", wait_us(outcome, 990000), "p999_us", wait_us(outcome, 999000),
        "max_us", (double)outcome->waits.max / 1e3, "unsent_count",
        (json_int_t)outcome->unsent_count, "refused_count",
        (json_int_t)outcome->refused_count, "refusals", refusals_json(outcome),
        "total_cents", (json_int_t)outcome->total_cents, "expected_least_cents",
        (json_int_t)outcome->expected_least_cents, "expected_most_cents",
        (json_int_t)outcome->expected_most_cents, "is_right",
        bank_outcome_is_right(outcome));
}

bool
bank_result_json(const struct bank_plan *plan,
    const struct bank_outcome *outcome, FILE *stream)
{
    json_t *json = outcome_json(plan, outcome);
    bool is_done =
        json != NULL &&
        json_dumpf(json, stream, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) == 0;

    fputs(is_done ? "\n" : "", stream);
    json_decref(json);
    return is_done;
}
