#include "bench/show/forecast.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/figures.h"
#include "bench/base/text.h"
#include "common/err.h"

/* Costs that the model can do without, by one that is less exact. */
static const enum unit_cost replaceable[] = {
    UNIT_SESSION_HTTP_COLD,  UNIT_SESSION_ECHO_COLD,
    UNIT_RECV_64_FAR,        UNIT_SEND_64_FAR,
    UNIT_EPOLL_RECV_64_FAR,  UNIT_POLL_RECV_64_FAR,
    UNIT_SELECT_RECV_64_FAR, UNIT_IO_URING_SEND_RECV_64_FAR,
    UNIT_SLEEP_ROUND_64_FAR, UNIT_SLEEP_ROUND_64_PROCESSES_FAR,
    UNIT_SLEEP_ROUND_1_FAR,
};

enum { REPLACEABLE = sizeof replaceable / sizeof replaceable[0] };

static void drop(struct unit_costs *u)
{
    for (size_t i = 0; i < REPLACEABLE; i++)
        u->at[replaceable[i]].ns = NAN;
}

/* All or none: a figure of one kind less one of the other kind means nothing. */
static void keep_common(struct unit_costs *a, struct unit_costs *b)
{
    for (size_t i = 0; i < REPLACEABLE; i++) {
        if (isnan(a->at[replaceable[i]].ns) != isnan(b->at[replaceable[i]].ns)) {
            drop(a);
            drop(b);
        }
    }
}

static int by_expected(const void *a, const void *b)
{
    const struct expected *x = a;
    const struct expected *y = b;
    return (x->ns > y->ns) - (x->ns < y->ns);
}

static void set_ranks(struct forecast *f)
{
    qsort(f->at, f->count, sizeof *f->at, by_expected);
    f->against = f->at;
    for (size_t i = 0; i < f->count; i++) {
        struct expected *x = &f->at[i];
        x->rank = i + 1;
        x->rank_here = 1;
        for (size_t k = 0; k < f->count; k++)
            x->rank_here += f->at[k].measured < x->measured;
        if (strcmp(x->point->model, "epoll-lt") == 0)
            f->against = x;
    }
}

/* False where it cannot be said. */
static bool expect(struct forecast *f, const struct explained *e, struct expected *out)
{
    char why[200];
    *out = (struct expected){.point = e->point, .here = e->predicted, .measured = e->measured};
    out->rest = explained_rest(e);
    if (isnan(out->rest) ||
        !cost_predict(&out->there, &e->work, &f->costs_there, why, sizeof why))
        return false;
    out->ns = out->there.total + out->rest * f->rest_factor;
    return out->ns > 0; /* a rest that takes more off than there is says nothing */
}

void forecast_make(struct forecast *f, const struct results *r, enum protocol protocol,
                   unsigned at, const struct unit_costs *here, const struct unit_costs *there,
                   char *why, size_t why_size)
{
    struct explanation e = {0};
    *f = (struct forecast){.rest_factor = 1};
    if (here) {
        enum unit_cost session =
            protocol == PROTOCOL_HTTP ? UNIT_SESSION_HTTP : UNIT_SESSION_ECHO;
        f->costs_here = *here;
        f->costs_there = *there;
        keep_common(&f->costs_here, &f->costs_there);
        double factor = there->at[session].ns / here->at[session].ns;
        f->rest_factor_known = isfinite(factor) && factor > 0;
        f->rest_factor = f->rest_factor_known ? factor : 1;
    }
    explanation_make(&e, r, protocol, at, here ? &f->costs_here : NULL, why, why_size);
    f->at = xcalloc(e.count + 1, sizeof *f->at);
    for (size_t i = 0; i < e.count; i++)
        if (expect(f, &e.at[i], &f->at[f->count]))
            f->count++;
    f->left_out = e.count - f->count;
    set_ranks(f);
    if (f->count == 0 && !why[0])
        snprintf(why, why_size,
                 "%s: no server at %s,%u is both measured and predicted; iomodels explain says "
                 "why",
                 r->dir, protocol_names[protocol], at);
    explanation_free(&e);
}

void forecast_free(struct forecast *f)
{
    free(f->at);
    f->at = NULL;
    f->count = 0;
}

static void put_ranking(FILE *out, const struct forecast *f)
{
    struct grid g = {.heads = {"#", "model", "µs there", "times as fast", "# here", "µs here",
                               "times as fast", "of it unexplained"},
                     .columns = 8,
                     .left = 1u << 1,
                     .first_width = 3};
    for (size_t i = 0; i < f->count; i++) {
        const struct expected *x = &f->at[i];
        grid_row(&g);
        grid_cell(&g, "%zu", x->rank);
        grid_cell(&g, "%s", x->point->model);
        grid_number(&g, 2, x->ns / 1e3);
        grid_number(&g, 2, f->against->ns / x->ns);
        grid_cell(&g, "%zu", x->rank_here);
        grid_number(&g, 2, x->measured / 1e3);
        grid_number(&g, 2, f->against->measured / x->measured);
        grid_number(&g, 2, x->rest / 1e3);
    }
    grid_put(out, &g, FORMAT_TERMINAL);
    grid_free(&g);
}

/* How far servers are moved apart by what a part costs there more, or less, than here. */
static double moved_apart(const struct forecast *f, int part)
{
    double least = INFINITY, most = -INFINITY;
    for (size_t i = 0; i < f->count; i++) {
        double more = f->at[i].there.part[part] - f->at[i].here.part[part];
        least = fmin(least, more);
        most = fmax(most, more);
    }
    return most - least;
}

/* The unit cost that stands for a part, and what one of them is. */
static const struct {
    enum unit_cost cost;
    enum unit_cost far; /* where the machines have it */
    const char *what;
} of_part[PART_COUNT] = {
    [PART_TCP] = {UNIT_SEND_64, UNIT_SEND_64_FAR, "a send over loopback"},
    [PART_ENTRY] = {UNIT_SYSCALL, UNIT_SYSCALL, "a system call that does nothing"},
    [PART_WAIT] = {UNIT_EPOLL_WAIT_READY, UNIT_EPOLL_WAIT_READY, "an epoll_wait"},
    [PART_SWITCH] = {UNIT_SWITCH_THREADS, UNIT_SLEEP_ROUND_64_FAR, "a switch between threads"},
    [PART_WAKE] = {UNIT_WAKE_CROSS_CPU, UNIT_WAKE_CROSS_CPU, "to wake the other CPU"},
    [PART_SESSION] = {UNIT_SESSION_HTTP, UNIT_SESSION_HTTP, "the session's own work"},
    [PART_FAULT] = {UNIT_PAGE_FAULT, UNIT_PAGE_FAULT, "a page fault"},
    /* The same on each machine, so it moves nothing apart. */
    [PART_ASKED] = {UNIT_SYSCALL, UNIT_SYSCALL, "the work asked for"},
};

static void put_reason(FILE *out, const struct forecast *f, enum cost_part part)
{
    char here[32], there[32];
    enum unit_cost cost = of_part[part].far;
    if (isnan(f->costs_here.at[cost].ns))
        cost = of_part[part].cost;
    double before = f->costs_here.at[cost].ns;
    double after = f->costs_there.at[cost].ns;
    const struct expected *most = f->at, *least = f->at;
    for (size_t i = 1; i < f->count; i++) {
        if (f->at[i].there.part[part] > most->there.part[part])
            most = &f->at[i];
        if (f->at[i].there.part[part] < least->there.part[part])
            least = &f->at[i];
    }
    char times[32] = "";
    if (isfinite(after / before))
        snprintf(times, sizeof times, " %.2g times as much there", after / before);
    fprintf(out,
            "  %s: %s costs%s (%s here, %s there).\n"
            "     It makes %.2f µs of a request of %s there, and %.2f µs of one of %s.\n",
            cost_part_heads[part], of_part[part].what, times, figure_ns(before, here),
            figure_ns(after, there), most->there.part[part] / 1e3, most->point->model,
            least->there.part[part] / 1e3, least->point->model);
}

/* The parts that move servers apart most, at most three, and none that hardly does. */
static void put_reasons(FILE *out, const struct forecast *f)
{
    bool told[PART_COUNT] = {false};
    fputs("\nWhat decides:\n", out);
    for (int n = 0; n < 3; n++) {
        int best = -1;
        for (int p = 0; p < PART_COUNT; p++)
            if (!told[p] && (best < 0 || moved_apart(f, p) > moved_apart(f, best)))
                best = p;
        if (moved_apart(f, best) < 0.05 * f->against->ns)
            break;
        told[best] = true;
        put_reason(out, f, (enum cost_part)best);
    }
}

void forecast_print(FILE *out, const struct forecast *f)
{
    const struct summary_point *p = f->against->point;
    char point[AXIS_TEXT_MAX];
    fprintf(out,
            "\n%s, %s: server CPU per request expected there, beside what was "
            "measured here; times as fast as %s\n",
            protocol_names[p->protocol], axis_point_text(p->axis, p->on_axis, point), p->model);
    put_ranking(out, f);
    if (f->left_out > 0)
        fprintf(
            out,
            "     %zu left out: not predicted, INVALID here, or with a rest that takes off more "
            "than all\n",
            f->left_out);
    put_reasons(out, f);
    fprintf(out, "\nAssumed: what is not explained here costs %.2f times as much there",
            f->rest_factor);
    fputs(f->rest_factor_known ? ", as the session's own work does.\n"
                               : " (no unit cost of a session tells).\n",
          out);
    fputs("Assumed: a request makes as many calls, switches and wake-ups there as here.\n",
          out);
}
