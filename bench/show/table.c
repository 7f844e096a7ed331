#include "bench/show/table.h"

#include <math.h>
#include <stdlib.h>

#include "bench/base/figures.h"
#include "bench/base/text.h"
#include "common/err.h"

const char *const table_heads[TABLE_COLUMNS] = {
    "model",      "n",          "req/s [low–high]", "p50",
    "p99",        "CPU µs/req", "syscalls/req",     "switches/req",
    "faults/req", "KiB/conn",   "starved",          "verdict"};

const char ranking_note[] = "Models whose intervals overlap with that of the first of a rank "
                            "share it (1=): this run does "
                            "not tell them apart. n: the trials that the figures come from, of "
                            "all where some were left "
                            "out. One trial has no interval.";

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
    double p = x->at[S_RPS].median;
    double q = y->at[S_RPS].median;
    if (order == 0)
        order = isnan(p) - isnan(q);
    return order ? order : (p < q) - (p > q);
}

static void set_ranks(struct ranking *r)
{
    size_t first = 0;
    for (size_t i = 0; i < r->ranked; i++) {
        if (r->at[i]->at[S_RPS].high < r->at[first]->at[S_RPS].low)
            first = i;
        r->rank[i] = first + 1;
    }
}

const char *ranking_text(const struct ranking *r, size_t i, const char *none, char out[32])
{
    size_t rank = r->rank[i];
    if (rank == 0)
        return none;
    bool shared = rank != i + 1 || (i + 1 < r->count && r->rank[i + 1] == rank);
    snprintf(out, 32, "%zu%s", rank, shared ? "=" : "");
    return out;
}

void ranking_make(struct ranking *r, const struct summary *s, enum protocol protocol,
                  unsigned connections)
{
    char buffer[512];
    *r = (struct ranking){.at = xcalloc(s->count, sizeof *r->at),
                          .rank = xcalloc(s->count, sizeof *r->rank)};
    for (size_t i = 0; i < s->count; i++) {
        const struct summary_point *p = &s->at[i];
        if (p->protocol != protocol || p->connections != connections)
            continue;
        r->at[r->count++] = p;
        r->ranked += ranking_excuse(p, buffer) == NULL;
    }
    if (r->count > 0)
        qsort(r->at, r->count, sizeof *r->at, by_rank);
    set_ranks(r);
}

void ranking_free(struct ranking *r)
{
    free(r->at);
    free(r->rank);
    *r = (struct ranking){0};
}

static void number_cell(char *out, int digits, double value)
{
    if (isnan(value))
        snprintf(out, TABLE_CELL_MAX, "n/a");
    else
        snprintf(out, TABLE_CELL_MAX, "%.*f", digits, value);
}

void table_cells(const struct summary_point *p, char cells[TABLE_COLUMNS][TABLE_CELL_MAX])
{
    char a[32], b[32], c[32];
    const struct spread *rps = &p->at[S_RPS];

    snprintf(cells[0], TABLE_CELL_MAX, "%s", p->model);
    if (p->used == p->trials)
        snprintf(cells[1], TABLE_CELL_MAX, "%u", p->used);
    else
        snprintf(cells[1], TABLE_CELL_MAX, "%u/%u", p->used, p->trials);
    if (rps->n > 1)
        snprintf(cells[2], TABLE_CELL_MAX, "%s [%s–%s]", figure_thousands(rps->median, a),
                 figure_thousands(rps->low, b), figure_thousands(rps->high, c));
    else
        snprintf(cells[2], TABLE_CELL_MAX, "%s", figure_thousands(rps->median, a));
    snprintf(cells[3], TABLE_CELL_MAX, "%s", figure_time(p->at[S_P50_US].median, a));
    snprintf(cells[4], TABLE_CELL_MAX, "%s", figure_time(p->at[S_P99_US].median, a));
    number_cell(cells[5], 2, p->at[S_CPU_PER_REQUEST].median);
    number_cell(cells[6], 2, p->at[S_SYSCALLS_PER_REQUEST].median);
    number_cell(cells[7], 3, p->at[S_SWITCHES_PER_REQUEST].median);
    number_cell(cells[8], 3, p->at[S_FAULTS_PER_REQUEST].median);
    number_cell(cells[9], 1, p->at[S_PSS_PER_CONNECTION].median);
    number_cell(cells[10], 0, p->at[S_STARVED].median);
    snprintf(cells[11], TABLE_CELL_MAX, "%s%s",
             p->trials > 0 && p->unsupported == p->trials ? "unsupported"
                                                          : verdict_names[p->verdict],
             p->answer[0] ? ", other answer" : "");
}

static void pad(FILE *f, const char *text, size_t width, bool left)
{
    size_t n = text_width(text);
    int spaces = width > n ? (int)(width - n) : 0;
    if (left)
        fprintf(f, "%s%*s", text, spaces, "");
    else
        fprintf(f, "%*s%s", spaces, "", text);
}

static void print_line(FILE *f, const char *rank, const char *const cells[TABLE_COLUMNS],
                       const size_t widths[TABLE_COLUMNS])
{
    fprintf(f, "%3s  ", rank);
    for (int c = 0; c < TABLE_COLUMNS; c++) {
        /* Names to the left, figures to the right; the last needs no padding. */
        bool left = c == 0 || c == TABLE_COLUMNS - 1;
        pad(f, cells[c], c == TABLE_COLUMNS - 1 ? 0 : widths[c], left);
        fputs(c == TABLE_COLUMNS - 1 ? "\n" : "  ", f);
    }
}

typedef char table_row[TABLE_COLUMNS][TABLE_CELL_MAX];

static void print_ranking(FILE *f, const struct ranking *r)
{
    table_row *rows = xcalloc(r->count, sizeof *rows);
    size_t widths[TABLE_COLUMNS];
    for (int c = 0; c < TABLE_COLUMNS; c++)
        widths[c] = text_width(table_heads[c]);
    for (size_t i = 0; i < r->count; i++) {
        table_cells(r->at[i], rows[i]);
        for (int c = 0; c < TABLE_COLUMNS; c++)
            if (text_width(rows[i][c]) > widths[c])
                widths[c] = text_width(rows[i][c]);
    }

    print_line(f, "#", table_heads, widths);
    for (size_t i = 0; i < r->count; i++) {
        char rank[32];
        const char *cells[TABLE_COLUMNS];
        for (int c = 0; c < TABLE_COLUMNS; c++)
            cells[c] = rows[i][c];
        print_line(f, ranking_text(r, i, "-", rank), cells, widths);
    }
    for (size_t i = r->ranked; i < r->count; i++) {
        char buffer[512];
        fprintf(f, "     not ranked: %s: %s\n", r->at[i]->model,
                ranking_excuse(r->at[i], buffer));
    }
    free(rows);
}

void table_print(FILE *f, const struct results *results)
{
    bool any = false;
    unsigned connections = results->environment.scenario.rank;
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++) {
        struct ranking r;
        ranking_make(&r, &results->summary, p, connections);
        if (r.count > 0) {
            fprintf(f, "\n%s, %u connection%s, closed loop\n", protocol_names[p], connections,
                    text_s(connections));
            print_ranking(f, &r);
        }
        any |= r.ranked > 1;
        ranking_free(&r);
    }
    if (any)
        fprintf(f, "\n%s\n", ranking_note);
}
