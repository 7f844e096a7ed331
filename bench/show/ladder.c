#include "bench/show/ladder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "bench/show/gnuplot.h"
#include "bench/show/workshop.h"
#include "bench/trace/rows.h"
#include "common/err.h"

/* Columns of text that fit beside the lanes, with the name of a lane before it. */
enum { LABEL_COLUMNS = 62, NAME_COLUMNS = 12, TIME_COLUMNS = 6 };

/* The picture's data is one file of blocks, which ladder.gp takes by `index`: lanes, labels, lives,
 * queues, arrows. The unit of y is a row. Each block ends with two empty lines, and has a
 * line outside of the picture, as gnuplot takes no empty block. */
struct drawing {
    FILE *f;
    const struct trace *t;
    const struct rows *rows;
};

static void end_block(struct drawing *d)
{
    fprintf(d->f, "-9\t-9\t-9\t-9\t-\t-\n\n\n");
}

/* Lanes from the left: the clients, the kernel, the tasks that are shown. */
static int kernel_lane(const struct trace *t)
{
    return t->script->clients;
}

static int task_lane(const struct trace *t, size_t task)
{
    int lane = kernel_lane(t) + 1;
    for (size_t i = 0; i < task; i++)
        lane += t->tasks[i].shown;
    return lane;
}

/* With one lane there is no question whose call a row is. */
static bool has_several(const struct trace *t)
{
    return task_lane(t, t->task_count) > kernel_lane(t) + 2;
}

/* Where a moment lies: between the rows before it and those after it. */
static double place(const struct drawing *d, int64_t at)
{
    return (double)rows_before(d->rows, at) + 0.5;
}

static double end_of_life(const struct drawing *d, const struct trace_task *task)
{
    double end = (double)d->rows->count + 0.7;
    double place_of_end = task->to > d->t->played.end ? end : place(d, task->to);
    return place_of_end < end ? place_of_end : end;
}

/* x, a name, and whose: 0 a client, 1 the kernel, 2 a task. */
static void put_lanes(struct drawing *d)
{
    const struct trace *t = d->t;
    for (int i = 0; i < t->script->clients; i++)
        fprintf(d->f, "%d\t0\t%d\t0\t%c\t-\n", i, i, t->script->names[i]);
    fprintf(d->f, "%d\t1\t0\t0\tkernel\t-\n", kernel_lane(t));
    for (size_t i = 0; i < t->task_count; i++)
        if (t->tasks[i].shown)
            fprintf(d->f, "%d\t2\t0\t0\t%s\t-\n", task_lane(t, i), t->tasks[i].name);
    end_block(d);
}

/* The time is filled up with figure spaces, each as wide as a digit. */
static void put_act(struct drawing *d, const struct row *r, size_t row)
{
    char time[32];
    int n = snprintf(time, sizeof time, "%.1f", (double)r->at / 1e6);
    fprintf(d->f, "%d\t%zu\t1\t0\t-\t", r->client, row);
    for (; n < TIME_COLUMNS; n++)
        fputs("\u2007", d->f);
    fprintf(d->f, "%s ms  %c %s\n", time, d->t->script->names[r->client], r->label);
}

/* lane, row, whether it is a client's, 0, -, the label */
static void put_labels(struct drawing *d)
{
    bool several = has_several(d->t);
    for (size_t i = 0; i < d->rows->count; i++) {
        const struct row *r = &d->rows->at[i];
        if (r->act)
            put_act(d, r, i + 1);
        else
            fprintf(d->f, "%d\t%zu\t0\t0\t-\t%s%s%s\n", task_lane(d->t, r->task), i + 1,
                    several ? d->t->tasks[r->task].name : "", several ? ": " : "", r->label);
    }
    end_block(d);
}

static void put_bar(struct drawing *d, int lane, double from, double to, int kind)
{
    if (to > from)
        fprintf(d->f, "%d\t%.1f\t%.1f\t%d\t-\t-\n", lane, from, to, kind);
}

/* What one task did from its birth to its end: it waits, or it works. */
static void put_life(struct drawing *d, size_t task)
{
    double at = place(d, d->t->tasks[task].from);
    double end = end_of_life(d, &d->t->tasks[task]);
    int lane = task_lane(d->t, task);
    for (size_t i = 0; i < d->rows->count; i++) {
        const struct row *r = &d->rows->at[i];
        if (!r->call || r->task != task || !r->waits)
            continue;
        double from = place(d, r->from);
        double to = r->times == 0 ? end : (double)i + 1;
        if (from < at)
            from = at;
        put_bar(d, lane, at, from, 0);
        put_bar(d, lane, from, to, 1);
        at = to;
    }
    put_bar(d, lane, at, end, 0);
}

/* lane, from, to, 0 for work and 1 for a wait */
static void put_lives(struct drawing *d)
{
    for (size_t i = 0; i < d->t->task_count; i++)
        if (d->t->tasks[i].shown)
            put_life(d, i);
    end_block(d);
}

/* What lies in the kernel of one client's connection. */
struct queue {
    uint64_t requests, answers; /* bytes */
    double requests_since, answers_since;
    bool unaccepted;
};

static void enqueue(uint64_t *queue, double *since, uint64_t bytes, double y)
{
    if (*queue == 0)
        *since = y;
    *queue += bytes;
}

static uint64_t less(uint64_t queue, uint64_t bytes)
{
    return queue > bytes ? queue - bytes : 0;
}

static void move_act(struct drawing *d, struct queue *q, const struct row *r, double y)
{
    switch (r->act->kind) {
    case ACT_SEND:
        enqueue(&q->requests, &q->requests_since, r->bytes, y);
        break;
    case ACT_RECEIVE:
    case ACT_ANSWER:
        if (q->answers > 0)
            put_bar(d, r->client, q->answers_since, y, 1);
        q->answers = less(q->answers, r->bytes);
        q->answers_since = y;
        break;
    case ACT_CLOSE:
    case ACT_RESET:
        if (q->answers > 0)
            put_bar(d, r->client, q->answers_since, y, 1);
        q->answers = 0;
        break;
    default:
        break;
    }
}

static void move_call(struct drawing *d, struct queue *q, const struct row *r, double y)
{
    if (r->data == DATA_IN) {
        put_bar(d, r->client, q->requests_since, y, 0);
        q->requests = less(q->requests, r->bytes);
        q->requests_since = y;
    } else if (r->data == DATA_OUT) {
        enqueue(&q->answers, &q->answers_since, r->bytes, y);
    }
}

/* client, from, to, 0 for a request that the server has not taken and 1 for an answer that the
 * client has not. Where no call takes the bytes (io_uring), nothing is known. */
static void put_queues(struct drawing *d)
{
    struct queue queues[SCRIPT_CLIENTS] = {0};
    for (size_t i = 0; i < d->rows->count; i++) {
        const struct row *r = &d->rows->at[i];
        if (r->client < 0)
            continue;
        if (r->act)
            move_act(d, &queues[r->client], r, (double)i + 1);
        else
            move_call(d, &queues[r->client], r, (double)i + 1);
    }
    end_block(d);
}

static void put_arrow(struct drawing *d, int from, int to, size_t row, int client)
{
    fprintf(d->f, "%d\t%zu\t%d\t%d\t-\t-\n", from, row + 1, to, client);
}

/* from lane, row, to lane, whose bytes */
static void put_arrows(struct drawing *d)
{
    int kernel = kernel_lane(d->t);
    for (size_t i = 0; i < d->rows->count; i++) {
        const struct row *r = &d->rows->at[i];
        enum act_kind kind = r->act ? r->act->kind : ACT_KINDS;
        if (kind == ACT_SEND)
            put_arrow(d, r->client, kernel, i, r->client);
        else if (kind == ACT_RECEIVE || kind == ACT_ANSWER)
            put_arrow(d, kernel, r->client, i, r->client);
        else if (r->data == DATA_IN)
            put_arrow(d, kernel, task_lane(d->t, r->task), i, r->client);
        else if (r->data == DATA_OUT)
            put_arrow(d, task_lane(d->t, r->task), kernel, i, r->client);
    }
    end_block(d);
}

static void put_all(struct drawing *d)
{
    put_lanes(d);
    put_labels(d);
    put_lives(d);
    put_queues(d);
    put_arrows(d);
}

static char *settings(const struct trace *t, const struct rows *r)
{
    char *headline = text_format("%s: %s", t->model->name, t->model->summary);
    char *title = gnuplot_lines(headline, 96);
    char *all = text_format("title=%s; rows=%zu; clients=%d; lanes=%d", title, r->count,
                            t->script->clients, task_lane(t, t->task_count));
    free(title);
    free(headline);
    return all;
}

bool ladder_draw(const struct trace *t, const char *scripts, const char *path, char *error,
                 size_t error_size)
{
    struct workshop w;
    struct rows r;
    if (!workshop_open(&w, "ladder", error, error_size))
        return false;
    rows_make(&r, t);
    rows_join(&r, LABEL_COLUMNS - (has_several(t) ? NAME_COLUMNS : 0));
    struct drawing d = {.f = w.f, .t = t, .rows = &r};
    put_all(&d);
    char *set = settings(t, &r);
    bool good = workshop_draw(&w, scripts, set, path, error, error_size);
    free(set);
    rows_free(&r);
    return good;
}
