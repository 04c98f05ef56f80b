/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/wait_graph.h"

#include "actors/pid_text.h"
#include "base/err.h"
#include "base/memory.h"
#include "mailbox/schema.h"
#include "troupe/actor.h"

#include <stdlib.h>

enum { CYCLES_PRINTED_MAX = 16 };

/* ---- what is known ------------------------------------------------------- */

/* Makes room for one more item of size bytes. */
static troupe_err
grow(void **items, size_t *capacity, size_t count, size_t size)
{
    size_t wanted = *capacity == 0 ? 64 : 2 * *capacity;
    void *larger;

    if (count < *capacity) {
        return TROUPE_OK;
    }
    larger = tp_memory_realloc(*items, wanted * size);
    if (larger == NULL) {
        return tp_err_set(
            TROUPE_E_NO_MEMORY, "no memory to list who waits for whom");
    }
    *items = larger;
    *capacity = wanted;
    return TROUPE_OK;
}

troupe_err
tp_wait_graph_add_actor(struct tp_wait_graph *graph, troupe_pid pid,
    enum tp_waiter_kind kind, const char *name)
{
    void *items = graph->actors;
    troupe_err err = grow(&items, &graph->actors_capacity, graph->actors_count,
        sizeof(struct tp_waiter));

    graph->actors = items;
    if (err == TROUPE_OK) {
        graph->actors[graph->actors_count++] =
            (struct tp_waiter){pid, kind, name};
    }
    return err;
}

troupe_err
tp_wait_graph_add(
    struct tp_wait_graph *graph, troupe_pid from, struct tp_wait wait)
{
    void *items = graph->edges;
    troupe_err err = grow(&items, &graph->edges_capacity, graph->edges_count,
        sizeof(struct tp_wait_edge));

    graph->edges = items;
    if (err == TROUPE_OK) {
        graph->edges[graph->edges_count++] = (struct tp_wait_edge){from, wait};
    }
    return err;
}

/* ---- order --------------------------------------------------------------- */

/* By slot, then by life: as people count. */
static int
compare_pids(troupe_pid a, troupe_pid b)
{
    uint64_t left = a << 32 | a >> 32;
    uint64_t right = b << 32 | b >> 32;

    return left < right ? -1 : left > right;
}

static int
compare_actors(const void *a, const void *b)
{
    return compare_pids(
        ((const struct tp_waiter *)a)->pid, ((const struct tp_waiter *)b)->pid);
}

static int
compare_edges(const void *a, const void *b)
{
    const struct tp_wait_edge *left = a;
    const struct tp_wait_edge *right = b;
    int order = compare_pids(left->from, right->from);

    return order != 0 ? order : compare_pids(left->wait.to, right->wait.to);
}

static void
sort(struct tp_wait_graph *graph)
{
    if (graph->actors_count > 0) {
        qsort(graph->actors, graph->actors_count, sizeof(graph->actors[0]),
            compare_actors);
    }
    if (graph->edges_count > 0) {
        qsort(graph->edges, graph->edges_count, sizeof(graph->edges[0]),
            compare_edges);
    }
}

static const struct tp_waiter *
find_actor(const struct tp_wait_graph *graph, troupe_pid pid)
{
    struct tp_waiter key = {pid, TP_WAITER_ALIVE, NULL};

    return graph->actors_count == 0
               ? NULL
               : bsearch(&key, graph->actors, graph->actors_count, sizeof(key),
                     compare_actors);
}

/* ---- lines --------------------------------------------------------------- */

static void
print_actor(FILE *stream, const struct tp_wait_graph *graph, troupe_pid pid)
{
    const struct tp_waiter *actor = find_actor(graph, pid);
    char text[TP_PID_TEXT_BYTES];

    if (actor == NULL) {
        fprintf(stream, "actor %s (not alive)", tp_pid_text(text, pid));
    } else if (actor->kind == TP_WAITER_ALIVE) {
        fprintf(stream, "actor %s (%s)", tp_pid_text(text, pid), actor->name);
    } else {
        fprintf(stream, "%s %s",
            actor->kind == TP_WAITER_THREAD ? "thread" : "busy actor",
            tp_pid_text(text, pid));
    }
}

static void
print_edge(FILE *stream, const struct tp_wait_graph *graph,
    const struct tp_wait_edge *edge, uint64_t now_ns)
{
    const struct troupe_schema *schema =
        troupe_schema_by_number_view(edge->wait.schema);
    uint64_t deadline_ns = edge->wait.deadline_ns;

    print_actor(stream, graph, edge->from);
    fputs(" waits for ", stream);
    print_actor(stream, graph, edge->wait.to);
    fprintf(stream, ": %s, ", schema == NULL ? "?" : schema->name);
    if (deadline_ns == UINT64_MAX) {
        fputs("without a deadline\n", stream);
    } else {
        uint64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;

        fprintf(stream, "%" PRIu64 ".%" PRIu64 " s left\n",
            left_ns / TROUPE_SECONDS(1), left_ns / TROUPE_MS(100) % 10);
    }
}

static void
print_busy(FILE *stream, const struct tp_wait_graph *graph)
{
    for (size_t i = 0; i < graph->actors_count; i++) {
        if (graph->actors[i].kind == TP_WAITER_BUSY) {
            print_actor(stream, graph, graph->actors[i].pid);
            fputs(" has not returned from its handler\n", stream);
        }
    }
    if (graph->missing_count > 0) {
        fprintf(stream, "%" PRIu64 " more asks, for which there is no memory\n",
            graph->missing_count);
    }
}

/* ---- cycles -------------------------------------------------------------- */

/*
 * Depth first, along the edges, with the path kept in the nodes: each points to
 * the one before it and the one after it. An edge to somebody on the path
 * closes a cycle.
 */
struct node {
    troupe_pid pid;
    size_t edge; /* the next one to follow */
    size_t edges_end;
    struct node *before;
    struct node *after;
    bool is_on_path;
    bool is_seen;
};

struct walk {
    FILE *stream;
    const struct tp_wait_graph *graph;
    struct node *nodes;
    size_t nodes_count;
    int cycles_count;
};

static void
make_nodes(struct walk *walk)
{
    const struct tp_wait_edge *edges = walk->graph->edges;

    for (size_t i = 0; i < walk->graph->edges_count; i++) {
        if (i == 0 || edges[i].from != edges[i - 1].from) {
            walk->nodes[walk->nodes_count++] =
                (struct node){.pid = edges[i].from, .edge = i};
        }
        walk->nodes[walk->nodes_count - 1].edges_end = i + 1;
    }
}

static int
compare_nodes(const void *a, const void *b)
{
    return compare_pids(
        ((const struct node *)a)->pid, ((const struct node *)b)->pid);
}

static void
print_cycle(
    struct walk *walk, const struct node *first, const struct node *last)
{
    if (++walk->cycles_count > CYCLES_PRINTED_MAX) {
        return;
    }
    fputs("cycle: ", walk->stream);
    for (const struct node *node = first;; node = node->after) {
        print_actor(walk->stream, walk->graph, node->pid);
        fputs(" -> ", walk->stream);
        if (node == last) {
            break;
        }
    }
    print_actor(walk->stream, walk->graph, first->pid);
    fputc('\n', walk->stream);
}

/* Follows one edge of the last node of the path. The last node then. */
static struct node *
follow(struct walk *walk, struct node *last)
{
    struct node key = {.pid = walk->graph->edges[last->edge++].wait.to};
    struct node *next = bsearch(
        &key, walk->nodes, walk->nodes_count, sizeof(key), compare_nodes);

    if (next == NULL) {
        return last; /* it waits for nobody */
    }
    if (next->is_on_path) {
        print_cycle(walk, next, last);
        return last;
    }
    if (next->is_seen) {
        return last;
    }
    next->is_seen = true;
    next->is_on_path = true;
    next->before = last;
    last->after = next;
    return next;
}

static void
walk_from(struct walk *walk, struct node *node)
{
    node->is_seen = true;
    node->is_on_path = true;
    while (node != NULL) {
        if (node->edge < node->edges_end) {
            node = follow(walk, node);
        } else {
            node->is_on_path = false;
            node = node->before;
        }
    }
}

static troupe_err
print_cycles(FILE *stream, const struct tp_wait_graph *graph)
{
    struct walk walk = {.stream = stream, .graph = graph};

    walk.nodes = tp_memory_alloc(graph->edges_count * sizeof(walk.nodes[0]));
    if (walk.nodes == NULL) {
        return tp_err_set(TROUPE_E_NO_MEMORY, "no memory to look for cycles");
    }
    make_nodes(&walk);
    for (size_t i = 0; i < walk.nodes_count; i++) {
        if (!walk.nodes[i].is_seen) {
            walk_from(&walk, &walk.nodes[i]);
        }
    }
    if (walk.cycles_count > CYCLES_PRINTED_MAX) {
        fprintf(stream, "and %d more cycles\n",
            walk.cycles_count - CYCLES_PRINTED_MAX);
    }
    tp_memory_free(walk.nodes);
    return TROUPE_OK;
}

/* ---- the whole ----------------------------------------------------------- */

troupe_err
tp_wait_graph_print(FILE *stream, struct tp_wait_graph *graph, uint64_t now_ns)
{
    sort(graph);
    for (size_t i = 0; i < graph->edges_count; i++) {
        print_edge(stream, graph, &graph->edges[i], now_ns);
    }
    if (graph->edges_count == 0) {
        fputs("nobody waits for an answer\n", stream);
    }
    print_busy(stream, graph);
    return print_cycles(stream, graph);
}

troupe_err
tp_wait_graph_print_cycles(FILE *stream, struct tp_wait_graph *graph)
{
    sort(graph);
    return print_cycles(stream, graph);
}

void
tp_wait_graph_fini(struct tp_wait_graph *graph)
{
    tp_memory_free(graph->actors);
    tp_memory_free(graph->edges);
}
