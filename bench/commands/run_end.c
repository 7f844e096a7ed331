#include "bench/commands/run_end.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/base/text.h"
#include "bench/record/results.h"
#include "bench/show/ceiling_text.h"
#include "bench/show/machine_card.h"
#include "bench/show/noise_text.h"
#include "bench/show/order_text.h"
#include "bench/show/plot.h"
#include "bench/show/prediction_text.h"
#include "bench/show/ratios_table.h"
#include "bench/show/report.h"
#include "bench/show/table.h"
#include "common/err.h"

/* Say which trials are of no use; whether there are such as the exit status tells of. */
static bool tell_failures(const struct summary *summary, const struct trial_rows *rows)
{
    unsigned disturbed = summary_disturbed(rows);
    unsigned empty = summary_empty_points(summary);
    unsigned failed = 0;
    for (size_t i = 0; i < rows->count; i++)
        failed += !rows->at[i].ok && !rows->at[i].unsupported;

    if (disturbed > 0)
        fprintf(stderr,
                "WARNING: %u of %zu trial%s were disturbed and are INVALID; "
                "trials.csv says by what. Measure again on a quiet machine.\n",
                disturbed, rows->count, text_s((double)rows->count));
    if (failed > 0)
        fprintf(stderr, "%u trial%s failed; trials.csv and the report say why\n", failed,
                text_s(failed));
    if (empty > 0)
        fprintf(stderr, "%u point%s no usable trial; trials.csv and the report say why\n",
                empty, empty > 1 ? "s have" : " has");
    return failed > 0 || empty > 0;
}

/* Below the ranking stand comparisons with others, and how far the generator could go. */
void run_end_tables(const struct results *r)
{
    table_print(stdout, r, FORMAT_TERMINAL);
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++)
        ratios_table(stdout, &r->ratios, p, FORMAT_TERMINAL);
    orders_print(stdout, r);
    predictions_put(stdout, r, FORMAT_TERMINAL);
    char *const texts[] = {plain_rates_text(r), noise_text(r)};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i])
            printf("\n%s\n", texts[i]);
        free(texts[i]);
    }
    for (enum protocol p = 0; p < PROTOCOL_COUNT; p++) {
        char *text = ceiling_text(r, p);
        if (text)
            printf("\n%s, %s\n", protocol_names[p], text);
        free(text);
    }
}

int run_end(const char *dir, const char *scripts)
{
    struct results r;
    char error[1024];
    if (!results_read(&r, dir, error, sizeof error)) {
        warn("no tables and no pictures: %s", error);
        return 1;
    }
    results_write(&r);
    run_end_tables(&r);
    fflush(stdout);
    bool failed = tell_failures(&r.summary, &r.rows);
    if (r.environment.unit_costs)
        machine_warnings(stderr, r.environment.unit_costs, r.environment.virtualised,
                         FORMAT_TERMINAL);

    if (!plots_draw(&r, scripts, error, sizeof error))
        warn("no plots: %s; the data is kept, 'iomodels plot %s' draws them later", error, dir);
    if (report_write(&(struct report_of){.runs = &r, .run_count = 1}, dir, error, sizeof error))
        printf("\nreport: %s/report.html\n", dir);
    else
        warn("no report: %s", error);
    results_free(&r);
    return failed;
}
