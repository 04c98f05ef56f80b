/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/grade.h"

#include "cli/options.h"
#include "lab/bounds.h"
#include "lab/exercise.h"
#include "lab/orders.h"

#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <troupe/troupe.h>
#include <unistd.h>

enum { LIMIT_S = 120, PATH_SIZE = 512, ACCOUNTS_COUNT = 3 };

/* ---- withdraw ------------------------------------------------------------ */

int64_t balance;
int64_t paid;
struct stage_lock balance_lock;

static void (*answered)(void *);

static void
begin_withdraw(struct stage *stage)
{
    balance = 100;
    paid = 0;
    balance_lock = (struct stage_lock){0};
    stage_add(stage, "first", answered, NULL);
    stage_add(stage, "second", answered, NULL);
}

static bool
is_paid_once(struct troupe_explored *run)
{
    (void)run;
    return balance == 20 && paid == 80;
}

static const struct scene withdraw_scene = {
    .name = "withdraw",
    .begin = begin_withdraw,
    .words = {{"balance", &balance}, {"paid", &paid}},
    .is_right = is_paid_once,
};

/* ---- transfer ------------------------------------------------------------ */

static struct account accounts[ACCOUNTS_COUNT];
static struct transfer transfers[ACCOUNTS_COUNT];

static void
begin_transfer(struct stage *stage)
{
    static const char *const names[] = {"thread 1", "thread 2", "thread 3"};
    static const char *const lock_names[] = {
        "the first", "the second", "the third"};

    for (int i = 0; i < ACCOUNTS_COUNT; i++) {
        accounts[i] = (struct account){100, {.name = lock_names[i]}};
        transfers[i] = (struct transfer){
            &accounts[i], &accounts[(i + 1) % ACCOUNTS_COUNT], 10 * (i + 1)};
    }
    for (int i = 0; i < ACCOUNTS_COUNT; i++) {
        stage_add(stage, names[i], answered, &transfers[i]);
    }
}

static bool
are_all_moved(struct troupe_explored *run)
{
    (void)run;
    return accounts[0].cents == 120 && accounts[1].cents == 90 &&
           accounts[2].cents == 90;
}

static const struct scene transfer_scene = {
    .name = "transfer",
    .begin = begin_transfer,
    .words = {{"first", &accounts[0].cents}, {"second", &accounts[1].cents},
        {"third", &accounts[2].cents}},
    .is_right = are_all_moved,
};

/* ---- seats --------------------------------------------------------------- */

static struct troupe_behaviour *seller;
static struct troupe_behaviour *buyer;
static troupe_pid the_seller;

static void
begin_seats(struct troupe_self *self, void *context)
{
    char state[4096] = {0};
    int64_t free_seats = 1;
    troupe_pid pid;

    (void)context;
    memcpy(state, &free_seats, sizeof(free_seats));
    TROUPE_CHECK(troupe_spawn_behaviour(
        self, seller, &TROUPE_SPAWN_OPTIONS(.state = state), &the_seller));
    memset(state, 0, sizeof(state));
    memcpy(state, &the_seller, sizeof(the_seller));
    for (int i = 0; i < 2; i++) {
        TROUPE_CHECK(troupe_spawn_behaviour(
            self, buyer, &TROUPE_SPAWN_OPTIONS(.state = state), &pid));
    }
}

static int64_t
see_seats(struct troupe_explored *run)
{
    const int64_t *state = troupe_explored_state_view(run, the_seller);

    return state != NULL ? *state : INT64_MIN;
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

static const struct scene seats_scene = {
    .name = "seats",
    .setup = begin_seats,
    .look = look_at_seats,
    .is_right = is_sold_once,
};

/* ---- the answer ---------------------------------------------------------- */

/* The function of that name, if there is one. Its address came as an object's,
 * which POSIX lets be a function's. */
static bool
find_function(void *library, const char *name)
{
    void *symbol = dlsym(library, name);

    memcpy(&answered, &symbol, sizeof(answered));
    return symbol != NULL;
}

static const struct scene *
find_scene(void *library)
{
    if (find_function(library, "withdraw")) {
        return &withdraw_scene;
    }
    if (find_function(library, "transfer")) {
        return &transfer_scene;
    }
    seller = dlsym(library, "seller_behaviour");
    buyer = dlsym(library, "buyer_behaviour");
    if (seller == NULL || buyer == NULL || seller->state_size < 8 ||
        buyer->state_size < 8 || seller->state_size > 4096 ||
        buyer->state_size > 4096) {
        return NULL;
    }
    return &seats_scene;
}

static void
grade_library(void *context)
{
    const char *path = context;
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    struct orders *orders = malloc(sizeof(*orders));
    const struct scene *scene = library != NULL ? find_scene(library) : NULL;

    if (scene == NULL) {
        fprintf(stderr,
            "troupe-lab: this answers no exercise%s%s: it should define "
            "withdraw(), transfer(), or the behaviours seller and buyer with a "
            "state that begins as the exercise says\n",
            library == NULL ? ": " : "", library == NULL ? dlerror() : "");
        exit(CLI_EXIT_USAGE);
    }
    if (orders == NULL) {
        abort();
    }
    orders_explore(scene, NULL, 0, orders);
    if (orders->count == 0) {
        printf("%s: no order of %d steps comes to an end.\n", scene->name,
            ORDERS_STEPS_MAX);
        exit(1);
    }
    if (orders->wrong_count > 0) {
        char *drawing = orders_draw_wrong(scene, orders);

        printf("%s: %" PRIu64 " of %" PRIu64
               " orders break it. The shortest:\n\n%s",
            scene->name, orders->wrong_count, orders->count, drawing);
        free(drawing);
    } else {
        printf("%s: none of %" PRIu64 " orders breaks it.\n", scene->name,
            orders->count);
    }
    exit(orders->wrong_count > 0);
}

/* False: it does not compile; why has been printed. */
static bool
compile(const char *path, const char *library)
{
    int status;
    pid_t child;

    fflush(NULL);
    child = fork();
    if (child == 0) {
        execlp("cc", "cc", "-std=gnu11", "-g", "-Wall", "-fPIC", "-shared",
            "-I", LAB_SOURCE_DIR, "-I", LAB_SOURCE_DIR "/include", "-o",
            library, path, (char *)NULL);
        fprintf(stderr, "troupe-lab: cc cannot be run: %s\n", strerror(errno));
        _exit(127);
    }
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

int
grade_file(const char *path)
{
    char folder[] = "/tmp/troupe-lab-XXXXXX";
    char library[PATH_SIZE];
    enum bounds_end end;
    int status;

    size_t length = strlen(path);

    if (access(path, R_OK) != 0) {
        fprintf(stderr, "troupe-lab: '%s' cannot be read: %s\n", path,
            strerror(errno));
        return CLI_EXIT_USAGE;
    }
    if (length < 3 || strcmp(path + length - 2, ".c") != 0) {
        fprintf(stderr,
            "troupe-lab: '%s' is no C file: an answer is like those of "
            "lab/exercises, and its name ends in .c\n",
            path);
        return CLI_EXIT_USAGE;
    }
    if (mkdtemp(folder) == NULL) {
        fprintf(stderr, "troupe-lab: no folder in /tmp: %s\n", strerror(errno));
        return 1;
    }
    snprintf(library, sizeof(library), "%s/answer.so", folder);
    if (!compile(path, library)) {
        rmdir(folder);
        return CLI_EXIT_USAGE;
    }
    end = bounds_run(grade_library, library, LIMIT_S, &status);
    unlink(library);
    rmdir(folder);
    if (end == BOUNDS_RETURNED) {
        return status;
    }
    printf("It %s.\n", end == BOUNDS_LATE
                           ? "does not end: it was stopped after two minutes"
                       : end == BOUNDS_KILLED && status == SIGSEGV
                           ? "crashed, by a pointer to nowhere"
                           : "crashed");
    return 1;
}
