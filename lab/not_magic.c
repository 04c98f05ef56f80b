/* SPDX-License-Identifier: BSD-2-Clause */
/* not-magic: what can still go wrong where nothing is shared. */
#include "lab/lab.h"
#include "lab/scenes.h"
#include "lab/shown.h"

#include <inttypes.h>
#include <stdlib.h>

/* ---- a box office: one seat, two buyers ---------------------------------- */

#define SEATS(FIELD) FIELD(int64, seats)
TROUPE_MESSAGE(get_free, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(free_seats, SEATS)
TROUPE_MESSAGE(book, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(book_if_free, TROUPE_NO_FIELDS)

static troupe_pid box_office;

static void
on_get_free(struct troupe_self *self, void *state, const struct get_free *get)
{
    const int64_t *seats = state;

    (void)get;
    (void)troupe_reply(self, free_seats, .seats = *seats);
}

static void
on_book(struct troupe_self *self, void *state, const struct book *book)
{
    int64_t *seats = state;

    (void)self;
    (void)book;
    --*seats;
}

static void
on_book_if_free(
    struct troupe_self *self, void *state, const struct book_if_free *book)
{
    int64_t *seats = state;

    (void)self;
    (void)book;
    *seats -= *seats > 0;
}

TROUPE_BEHAVIOUR(box_office, sizeof(int64_t), TROUPE_ON(get_free, on_get_free),
    TROUPE_ON(book, on_book), TROUPE_ON(book_if_free, on_book_if_free));

/* ---- broken: ask whether it is free, then book --------------------------- */

static void
on_free_seats(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct free_seats free_seats;

    (void)state;
    (void)context;
    if (free_seats_from(answer, &free_seats) == TROUPE_OK &&
        free_seats.seats > 0) {
        (void)troupe_tell(self, box_office, book);
    }
}

static void
on_asking_start(struct troupe_self *self, void *state)
{
    (void)state;
    TROUPE_CHECK(troupe_ask_then(
        self, box_office, TROUPE_SECONDS(60), on_free_seats, 0, get_free));
}

TROUPE_BEHAVIOUR(asking_buyer, 0, TROUPE_ON_START(on_asking_start));

/* ---- mended: one message that looks and books ---------------------------- */

static void
on_booking_start(struct troupe_self *self, void *state)
{
    (void)state;
    (void)troupe_tell(self, box_office, book_if_free);
}

TROUPE_BEHAVIOUR(booking_buyer, 0, TROUPE_ON_START(on_booking_start));

static void
open_box_office(struct troupe_self *self, struct troupe_behaviour *buyer)
{
    int64_t seats = 1;
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn_with(
        self, box_office, &TROUPE_SPAWN_OPTIONS(.state = &seats), &box_office));
    for (int i = 0; i < 2; i++) {
        TROUPE_CHECK(troupe_spawn_behaviour(self, buyer, NULL, &pid));
    }
}

static void
begin_asking(struct troupe_self *self, void *context)
{
    (void)context;
    open_box_office(self, &asking_buyer_behaviour);
}

static void
begin_booking(struct troupe_self *self, void *context)
{
    (void)context;
    open_box_office(self, &booking_buyer_behaviour);
}

static int64_t
see_seats(struct troupe_explored *run)
{
    const int64_t *seats = troupe_explored_state_view(run, box_office);

    return seats != NULL ? *seats : 1;
}

static void
look_at_seats(struct troupe_explored *run, char *line)
{
    snprintf(line, SCENE_LINE_SIZE, "free seats = %" PRId64, see_seats(run));
}

static bool
is_sold_once(struct troupe_explored *run)
{
    return see_seats(run) == 0;
}

const struct scene scene_seats = {
    .name = "seats",
    .story =
        "A box office has one seat. Two buyers ask whether it is free, and "
        "book it if so; each actor handles one message at a time. Sell "
        "the seat twice.",
    .setup = begin_asking,
    .look = look_at_seats,
    .is_right = is_sold_once,
};

static const struct scene seats_at_once = {
    .name = "seats, in one message",
    .setup = begin_booking,
    .look = look_at_seats,
    .is_right = is_sold_once,
};

/* ---- order: of one sender there is one, of two there is none ------------- */

TROUPE_MESSAGE(put_in, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(take_out, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(it_is_paid, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(put_in_and_say, TROUPE_NO_FIELDS)

struct purse {
    int64_t coins;
    int64_t refused;
};

static troupe_pid purse;
static troupe_pid spender;

static void
on_put_in(struct troupe_self *self, void *state, const struct put_in *put_in)
{
    struct purse *own = state;

    (void)self;
    (void)put_in;
    own->coins++;
}

static void
on_put_in_and_say(
    struct troupe_self *self, void *state, const struct put_in_and_say *put_in)
{
    struct purse *own = state;

    (void)put_in;
    own->coins++;
    (void)troupe_tell(self, spender, it_is_paid);
}

static void
on_take_out(
    struct troupe_self *self, void *state, const struct take_out *take_out)
{
    struct purse *own = state;

    (void)self;
    (void)take_out;
    if (own->coins > 0) {
        own->coins--;
    } else {
        own->refused++;
    }
}

TROUPE_BEHAVIOUR(purse, sizeof(struct purse), TROUPE_ON(put_in, on_put_in),
    TROUPE_ON(put_in_and_say, on_put_in_and_say),
    TROUPE_ON(take_out, on_take_out));

static void
on_it_is_paid(
    struct troupe_self *self, void *state, const struct it_is_paid *paid)
{
    (void)state;
    (void)paid;
    (void)troupe_tell(self, purse, take_out);
}

TROUPE_BEHAVIOUR(spender, 0, TROUPE_ON(it_is_paid, on_it_is_paid));

/* Broken: pays, and tells the spender, whose message may be faster. */
static void
on_hasty_start(struct troupe_self *self, void *state)
{
    (void)state;
    (void)troupe_tell(self, purse, put_in);
    (void)troupe_tell(self, spender, it_is_paid);
}

TROUPE_BEHAVIOUR(hasty_payer, 0, TROUPE_ON_START(on_hasty_start));

/* Mended: who has the coin says so. */
static void
on_patient_start(struct troupe_self *self, void *state)
{
    (void)state;
    (void)troupe_tell(self, purse, put_in_and_say);
}

TROUPE_BEHAVIOUR(patient_payer, 0, TROUPE_ON_START(on_patient_start));

static void
open_purse(struct troupe_self *self, struct troupe_behaviour *payer)
{
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn(self, purse, &purse));
    TROUPE_CHECK(troupe_spawn(self, spender, &spender));
    TROUPE_CHECK(troupe_spawn_behaviour(self, payer, NULL, &pid));
}

static void
begin_hasty(struct troupe_self *self, void *context)
{
    (void)context;
    open_purse(self, &hasty_payer_behaviour);
}

static void
begin_patient(struct troupe_self *self, void *context)
{
    (void)context;
    open_purse(self, &patient_payer_behaviour);
}

static bool
is_none_refused(struct troupe_explored *run)
{
    const struct purse *own = troupe_explored_state_view(run, purse);

    return own != NULL && own->refused == 0;
}

static void
look_at_purse(struct troupe_explored *run, char *line)
{
    snprintf(line, SCENE_LINE_SIZE, "the coin was %s",
        is_none_refused(run) ? "there" : "not there yet");
}

const struct scene scene_order = {
    .name = "order",
    .story = "A payer puts a coin into a purse and tells a spender, who takes "
             "it out. Refuse the spender.",
    .setup = begin_hasty,
    .look = look_at_purse,
    .is_right = is_none_refused,
};

static const struct scene order_kept = {
    .name = "order, and the purse says so",
    .setup = begin_patient,
    .look = look_at_purse,
    .is_right = is_none_refused,
};

/* ---- mutual asks --------------------------------------------------------- */

#define NEIGHBOUR(FIELD) FIELD(pid, who)
TROUPE_MESSAGE(meet, NEIGHBOUR)
TROUPE_MESSAGE(lend, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(lent, TROUPE_NO_FIELDS)

struct neighbour {
    bool is_courteous; /* answers at once */
    bool is_waiting;
    bool has_it;
    struct troupe_request *kept;
};

static void
on_lent(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct neighbour *neighbour = state;

    (void)context;
    neighbour->is_waiting = false;
    neighbour->has_it = troupe_answer_err(answer) == TROUPE_OK;
    if (neighbour->kept != NULL) {
        (void)troupe_reply_to(self, &neighbour->kept, lent);
    }
}

static void
on_meet(struct troupe_self *self, void *state, const struct meet *meet)
{
    struct neighbour *neighbour = state;

    neighbour->is_waiting = true;
    TROUPE_CHECK(
        troupe_ask_then(self, meet->who, TROUPE_SECONDS(1), on_lent, 0, lend));
}

/* Broken: who waits for an answer does not give one. */
static void
on_lend(struct troupe_self *self, void *state, const struct lend *lend)
{
    struct neighbour *neighbour = state;

    (void)lend;
    if (neighbour->is_waiting && !neighbour->is_courteous) {
        TROUPE_CHECK(troupe_request_keep(self, &neighbour->kept));
    } else {
        (void)troupe_reply(self, lent);
    }
}

TROUPE_BEHAVIOUR(neighbour, sizeof(struct neighbour), TROUPE_ON(meet, on_meet),
    TROUPE_ON(lend, on_lend));

static troupe_pid neighbours[2];

static void
begin_neighbours(struct troupe_self *self, bool are_courteous)
{
    struct neighbour begin = {.is_courteous = are_courteous};

    for (int i = 0; i < 2; i++) {
        TROUPE_CHECK(troupe_spawn_with(self, neighbour,
            &TROUPE_SPAWN_OPTIONS(.state = &begin), &neighbours[i]));
    }
    for (int i = 0; i < 2; i++) {
        TROUPE_CHECK(
            troupe_tell(self, neighbours[i], meet, .who = neighbours[1 - i]));
    }
}

static void
begin_stubborn(struct troupe_self *self, void *context)
{
    (void)context;
    begin_neighbours(self, false);
}

static void
begin_courteous(struct troupe_self *self, void *context)
{
    (void)context;
    begin_neighbours(self, true);
}

static int
count_those_who_have(struct troupe_explored *run)
{
    int count = 0;

    for (int i = 0; i < 2; i++) {
        const struct neighbour *neighbour =
            troupe_explored_state_view(run, neighbours[i]);

        count += neighbour != NULL && neighbour->has_it;
    }
    return count;
}

static bool
have_both(struct troupe_explored *run)
{
    return count_those_who_have(run) == 2;
}

static void
look_at_neighbours(struct troupe_explored *run, char *line)
{
    snprintf(line, SCENE_LINE_SIZE, "neighbours that were answered = %d",
        count_those_who_have(run));
}

const struct scene scene_neighbours = {
    .name = "neighbours",
    .story = "Two neighbours ask each other to lend something. Whoever waits "
             "for an answer does not answer. Let both run into their deadline.",
    .setup = begin_stubborn,
    .look = look_at_neighbours,
    .is_right = have_both,
};

static const struct scene neighbours_answer = {
    .name = "neighbours who answer",
    .setup = begin_courteous,
    .look = look_at_neighbours,
    .is_right = have_both,
};

/* ---- one thread, an event loop, and callbacks ---------------------------- */

static int64_t tickets;

/* Broken: what was true in one callback is taken for true in the next. */
static void
handle_request(void *context)
{
    bool is_left;

    (void)context;
    stage_pause("callback: a request has come");
    is_left = tickets > 0;
    stage_pause("callback: the card is valid"); /* others had their turn */
    if (is_left) {
        tickets--;
    }
}

/* Mended: what is done is decided where it is done. */
static void
handle_request_right(void *context)
{
    (void)context;
    stage_pause("callback: a request has come");
    stage_pause("callback: the card is valid");
    if (tickets > 0) {
        tickets--;
    }
}

static void
begin_callbacks_with(struct stage *stage, void (*handle)(void *))
{
    tickets = 1;
    stage_add(stage, "request 1", handle, NULL);
    stage_add(stage, "request 2", handle, NULL);
}

static void
begin_callbacks(struct stage *stage)
{
    begin_callbacks_with(stage, handle_request);
}

static void
begin_callbacks_right(struct stage *stage)
{
    begin_callbacks_with(stage, handle_request_right);
}

static bool
is_one_sold(struct troupe_explored *run)
{
    (void)run;
    return tickets == 0;
}

static const struct scene callbacks = {
    .name = "callbacks",
    .begin = begin_callbacks,
    .words = {{"tickets", &tickets}},
    .is_right = is_one_sold,
};

static const struct scene callbacks_right = {
    .name = "callbacks that look again",
    .begin = begin_callbacks_right,
    .words = {{"tickets", &tickets}},
    .is_right = is_one_sold,
};

/* ---- the lab ------------------------------------------------------------- */

static void
compare(struct lab_report *report, const char *story,
    const struct scene *broken, const struct scene *mended)
{
    char what[LAB_TEXT_SIZE];
    uint64_t wrong_count;

    lab_say(report, "%s", story);
    wrong_count = shown_worst(report, "broken", broken);
    snprintf(what, sizeof(what), "orders that end wrong: %s", broken->name);
    lab_expect_at_least(report, what, 1, wrong_count);
    wrong_count =
        shown_orders(report, "mended", lab_is_fixed(report) ? mended : broken);
    snprintf(what, sizeof(what), "the same, mended: %s", mended->name);
    lab_expect_equal(report, what, 0, wrong_count);
}

static void
run(struct lab_report *report)
{
    compare(report,
        "Check, then act. One seat, two buyers who ask whether it is free and "
        "then book it. Between the two messages somebody else's comes. Mended: "
        "one message that looks and books.",
        &scene_seats, &seats_at_once);
    compare(report,
        "Order. A payer puts a coin into a purse, and then tells a spender, "
        "who "
        "takes it out. Messages of one sender to one receiver keep their "
        "order; "
        "of two there is none. Mended: the purse says when the coin is there.",
        &scene_order, &order_kept);
    compare(report,
        "Mutual asks. Two neighbours ask each other, and who waits does not "
        "answer: both run into their deadlines. Mended: answer at once.",
        &scene_neighbours, &neighbours_answer);
    compare(report,
        "And without any actor: one thread, an event loop, one ticket. What "
        "was true before a callback was waited for is not true after it. "
        "Mended: look where you act.",
        &callbacks, &callbacks_right);
    lab_conclude(report, LAB_DOES_NOT_HOLD,
        "Data races are gone, races of messages are not. The explorer found "
        "each of the four, and none once they were mended.");
}

const struct lab lab_not_magic = {
    .name = "not-magic",
    .claim = "With actors there are no races.",
    .duration_s = 1,
    .run = run,
};
