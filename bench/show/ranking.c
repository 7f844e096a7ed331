#include "bench/show/ranking.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/base/text.h"
#include "common/err.h"

const char ranking_note[] =
    "=: shares the rank above. Its interval overlaps with that of the first "
    "of the rank, or comes so near that noise explains the gap: this run does not tell the two "
    "apart. "
    "n: the trials that the figures come from, "
    "of all where some were left out. One trial has no interval.";

const char *ranking_excuse(const struct summary_point *p, char buffer[512])
{
    if (p->trials > 0 && p->unsupported == p->trials) {
        snprintf(buffer, 512, "%s", p->reason);
        return buffer;
    }
    if (p->verdict == VERDICT_INVALID) {
        snprintf(buffer, 512, "INVALID, %u of %u trial%s usable: %s", p->usable, p->trials,
                 text_s(p->trials), p->reason);
        return buffer;
    }
    if (p->answer[0]) {
        snprintf(buffer, 512, "its answer is not that of our servers: %s", p->answer);
        return buffer;
    }
    if (p->verdict == VERDICT_GENERATOR_LIMITED) {
        snprintf(buffer, 512, "generator-limited, the server can do more: %s", p->reason);
        return buffer;
    }
    if (summary_starves(p)) {
        snprintf(buffer, 512,
                 "%.0f of %u connection%s starved: the figures are those of the rest",
                 p->at[S_STARVED].median, p->connections, text_s(p->connections));
        return buffer;
    }
    return NULL;
}

static int by_rank(const void *a, const void *b)
{
    const struct summary_point *x = *(const struct summary_point *const *)a;
    const struct summary_point *y = *(const struct summary_point *const *)b;
    char buffer[512];
    int order = (ranking_excuse(x, buffer) != NULL) - (ranking_excuse(y, buffer) != NULL);
    double p = x->at[S_RATE].median;
    double q = y->at[S_RATE].median;
    if (order == 0)
        order = isnan(p) - isnan(q);
    return order ? order : (p < q) - (p > q);
}

static void set_ranks(struct ranking *r, const struct summary *s)
{
    size_t first = 0;
    for (size_t i = 0; i < r->ranked; i++) {
        if (summary_apart(s, r->at[first], r->at[i]))
            first = i;
        r->rank[i] = first + 1;
    }
}

const char *ranking_text(const struct ranking *r, size_t i, const char *none, char out[32])
{
    size_t rank = r->rank[i];
    if (rank == 0)
        return none;
    if (rank != i + 1)
        return "=";
    snprintf(out, 32, "%zu", rank);
    return out;
}

void ranking_make(struct ranking *r, const struct results *results, enum protocol protocol)
{
    const struct summary *s = &results->summary;
    char buffer[512];
    *r = (struct ranking){.at = xcalloc(s->count, sizeof *r->at),
                          .rank = xcalloc(s->count, sizeof *r->rank)};
    for (size_t i = 0; i < s->count; i++) {
        const struct summary_point *p = &s->at[i];
        if (p->protocol != protocol || p->on_axis != results->environment.scenario.rank)
            continue;
        r->at[r->count++] = p;
        r->ranked += ranking_excuse(p, buffer) == NULL;
    }
    if (r->count > 0)
        qsort(r->at, r->count, sizeof *r->at, by_rank);
    set_ranks(r, s);
}

void ranking_free(struct ranking *r)
{
    free(r->at);
    free(r->rank);
    *r = (struct ranking){0};
}
