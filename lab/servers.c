/* SPDX-License-Identifier: BSD-2-Clause */
/* servers: one bank, served in five ways. */
#include "lab/lab.h"
#include "lab/serve.h"
#include "lab/timing.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <jansson.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 20000, /* for an answer that should come */
    GLANCE_MS = 300,     /* for one that should not */
    PATH_SIZE = 512,
    OUTPUT_SIZE = 8192,
};

struct model {
    const char *name;
    serve_function *serve;
    unsigned connections_most; /* that it is asked to bear here */
};

static const struct model threads = {
    "a thread a request", serve_threads, 10000};
static const struct model processes = {
    "a process a connection", serve_processes, 1000};
static const struct model loop = {"an event loop", serve_loop, 10000};
static const struct model bodies = {"sequential actors", serve_bodies, 10000};
static const struct model handlers = {"handler actors", serve_handlers, 10000};

/* ---- a server, in a process of its own ----------------------------------- */

struct server {
    pid_t number;
    uint16_t port;
    struct ledger *ledger;
};

static struct server
start(const struct model *model)
{
    struct server server;
    int tell[2];

    server.ledger = mmap(NULL, sizeof(*server.ledger), PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (server.ledger == MAP_FAILED || pipe(tell) != 0) {
        abort();
    }
    fflush(NULL);
    server.number = fork();
    if (server.number == 0) {
        int nowhere = open("/dev/null", O_WRONLY);

        (void)dup2(nowhere, STDERR_FILENO); /* crashes are meant here */
        setpgid(0, 0);
        close(tell[0]);
        model->serve(server.ledger, tell[1]);
        _exit(0);
    }
    setpgid(server.number, server.number);
    close(tell[1]);
    if (read(tell[0], &server.port, sizeof(server.port)) !=
        sizeof(server.port)) {
        fprintf(stderr, "troupe-lab: no server: %s\n", model->name);
        exit(1);
    }
    close(tell[0]);
    return server;
}

/* Its context switches, and those of the processes that it has waited for. */
static uint64_t
stop(struct server *server)
{
    struct rusage usage = {0};

    kill(-server->number, SIGTERM);
    (void)wait4(server->number, NULL, 0, &usage);
    munmap(server->ledger, sizeof(*server->ledger));
    return (uint64_t)usage.ru_nvcsw + (uint64_t)usage.ru_nivcsw;
}

/* ---- load ---------------------------------------------------------------- */

/* troupe-bank, beside this program; false: it is not there. */
static bool
find_bank(char path[PATH_SIZE])
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_SIZE - 16);
    char *name;

    if (length < 0) {
        return false;
    }
    path[length] = '\0';
    name = strrchr(path, '/');
    if (name == NULL) {
        return false;
    }
    strcpy(name + 1, "troupe-bank");
    return access(path, X_OK) == 0;
}

struct load {
    bool is_right; /* the bank has what it should */
    double requests_per_second;
    double p50_us;
    double p99_us;
};

static double
number_of(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static struct load
read_load(FILE *from)
{
    struct load load = {.is_right = false};
    json_t *object = json_loadf(from, 0, NULL);

    if (object != NULL) {
        load.is_right = json_is_true(json_object_get(object, "is_right"));
        load.requests_per_second = number_of(object, "requests_per_second");
        load.p50_us = number_of(object, "p50_us");
        load.p99_us = number_of(object, "p99_us");
        json_decref(object);
    }
    return load;
}

static struct load
run_load(struct lab_report *report, const struct server *server,
    const char *bank, unsigned connections_count)
{
    char command[PATH_SIZE + 256];
    struct load load = {.is_right = false};
    FILE *tool;

    snprintf(command, sizeof(command),
        "'%s' load --connect 127.0.0.1:%u --connections %u --mix deposit=1 "
        "--accounts 100 --%s --json",
        bank, server->port, connections_count,
        lab_size(report, 1, 0) == 1 ? "seconds 2" : "requests 400");
    fflush(NULL);
    tool = popen(command, "r");
    if (tool != NULL) {
        load = read_load(tool);
        load.is_right = pclose(tool) == 0 && load.is_right;
    }
    return load;
}

/* ---- trouble ------------------------------------------------------------- */

static int
connect_to(const struct server *server)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(server->port)};
    int client = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(client, (struct sockaddr *)&address, sizeof(address)) != 0) {
        close(client);
        return -1;
    }
    return client;
}

static void
ask(int client, enum frames_kind kind)
{
    uint8_t out[FRAMES_BYTES_MAX];
    size_t size = frames_request(out, 1, kind);

    (void)(send(client, out, size, MSG_NOSIGNAL) == (ssize_t)size);
}

/* Whether an answer, and no end, comes in time. */
static bool
is_answered(int client, int patience_ms)
{
    struct pollfd wait = {.fd = client, .events = POLLIN};
    char bytes[64];

    return poll(&wait, 1, patience_ms) == 1 &&
           recv(client, bytes, sizeof(bytes), 0) > 0;
}

/* Whether others are answered while one request makes trouble: a deposit by
 * another connection, which exists already. */
static bool
are_others_served(const struct model *model, enum frames_kind kind)
{
    struct server server = start(model);
    int other = connect_to(&server);
    int bad = connect_to(&server);
    bool is_served;

    ask(other, FRAMES_OPEN);
    (void)is_answered(other, PATIENCE_MS);
    ask(bad, kind);
    while (!__atomic_load_n(&server.ledger->has_begun, __ATOMIC_ACQUIRE)) {
        usleep(1000);
    }
    if (kind == FRAMES_CRASH) { /* until it has had its effect */
        struct pollfd end = {.fd = bad, .events = POLLIN};

        (void)poll(&end, 1, PATIENCE_MS);
    }
    ask(other, FRAMES_DEPOSIT);
    is_served = is_answered(
        other, model->serve == serve_loop ? GLANCE_MS : PATIENCE_MS);
    __atomic_store_n(&server.ledger->is_released, true, __ATOMIC_RELEASE);
    close(other);
    close(bad);
    (void)stop(&server);
    return is_served;
}

/* ---- the lab ------------------------------------------------------------- */

/* Of the server, or all its processes, what only they have. */
static double
memory_mib(pid_t group)
{
    char command[160];
    double kib = 0;
    FILE *tool;

    snprintf(command, sizeof(command),
        "for p in $(ps -o pid= -g %d 2>/dev/null || pgrep -g %d); do cat "
        "/proc/$p/smaps_rollup; done 2>/dev/null | awk '/^Pss:/ {s += $2} END "
        "{print s + 0}'",
        (int)group, (int)group);
    tool = popen(command, "r");
    if (tool != NULL) {
        if (fscanf(tool, "%lf", &kib) != 1) {
            kib = 0;
        }
        pclose(tool);
    }
    return kib / 1024;
}

static void
measure(struct lab_report *report, const struct model *model, const char *bank,
    unsigned connections_count)
{
    struct server server = start(model);
    struct load load = run_load(report, &server, bank, connections_count);
    char what[LAB_TEXT_SIZE];
    double mib = memory_mib(server.number);
    double switches = (double)stop(&server);

    snprintf(
        what, sizeof(what), "the bank has what it should, %s", model->name);
    lab_expect_equal(report, what, 1, load.is_right);
    snprintf(what, sizeof(what), "requests a second, %u connections",
        connections_count);
    lab_measured(report, model->name, what, "", load.requests_per_second);
    snprintf(what, sizeof(what), "p50, %u connections", connections_count);
    lab_measured(report, model->name, what, "us", load.p50_us);
    snprintf(what, sizeof(what), "p99, %u connections", connections_count);
    lab_measured(report, model->name, what, "us", load.p99_us);
    snprintf(what, sizeof(what), "switches, %u connections", connections_count);
    lab_measured(report, model->name, what, "", switches);
    snprintf(
        what, sizeof(what), "memory after, %u connections", connections_count);
    lab_measured(report, model->name, what, "MiB", mib);
}

static void
raise_files(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static bool
can_open(unsigned connections_count)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
           limit.rlim_cur > connections_count + 200;
}

static void
make_trouble(struct lab_report *report, const struct model *model)
{
    static const struct {
        enum frames_kind kind;
        const char *what;
    } kinds[] = {{FRAMES_CRASH, "one has crashed"},
        {FRAMES_BLOCK, "one blocks"}, {FRAMES_COMPUTE, "one computes"}};

    for (int i = 0; i < 3; i++) {
        bool are_served = are_others_served(model, kinds[i].kind);
        bool is_expected =
            model->serve != serve_loop &&
            (kinds[i].kind != FRAMES_CRASH || model->serve != serve_threads);
        char what[LAB_TEXT_SIZE * 2];

        lab_measured(report, model->name, kinds[i].what, "", are_served);
        snprintf(what, sizeof(what), "%s: others are served when %s",
            model->name, kinds[i].what);
        lab_expect_equal(report, what, is_expected, are_served);
    }
}

static void
run(struct lab_report *report)
{
    static const unsigned counts[] = {10, 1000, 10000};
    const struct model *const models[] = {
        &threads, &processes, &loop, &bodies, &handlers};
    size_t points_count = lab_size(report, 3, 1);
    char bank[PATH_SIZE];
    bool are_served;

    if (!find_bank(bank)) {
        lab_conclude(report, LAB_NOT_SHOWN,
            "troupe-bank, which asks, is not beside this program.");
        return;
    }
    raise_files();
    lab_say(report,
        "One connection asks for something that crashes, or blocks, or "
        "computes. Is another one's deposit answered meanwhile?");
    for (size_t i = 0; i < 5; i++) {
        make_trouble(report, models[i]);
    }
    are_served = are_others_served(
        lab_is_fixed(report) ? &handlers : &loop, FRAMES_BLOCK);
    lab_expect_equal(report, "a mended server serves others while one blocks",
        1, are_served);
    lab_say(report,
        "1: it is, 0: it is not. What follows is asked by troupe-bank load, as "
        "fast as it is answered.");
    for (size_t point = 0; point < points_count; point++) {
        for (size_t i = 0; i < 5; i++) {
            if (counts[point] <= models[i]->connections_most &&
                can_open(counts[point])) {
                measure(report, models[i], bank, counts[point]);
            }
        }
    }
    lab_say(report,
        "Memory is what the server's processes have for themselves when all "
        "have gone; switches are the kernel's, in the whole run. A process a "
        "connection is not asked for 10,000: the lab makes no more than "
        "1,000.");
    lab_conclude(report, LAB_DOES_NOT_HOLD,
        "A crash ends the server of threads and the event loop; of one that "
        "blocks or computes the loop's clients all wait. Of processes and "
        "actors nobody else notices.");
}

const struct lab lab_servers = {
    .name = "servers",
    .claim = "It makes no difference to clients how a server is built.",
    .drawn = "us",
    .duration_s = 45,
    .run = run,
};
