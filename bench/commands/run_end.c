#include "bench/commands/run_end.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/base/text.h"
#include "bench/record/environment.h"
#include "bench/record/run_data.h"
#include "bench/record/summary.h"
#include "bench/record/trials_csv.h"
#include "bench/show/order_text.h"
#include "bench/show/plot.h"
#include "bench/show/ratios_table.h"
#include "bench/show/report.h"
#include "bench/show/table.h"
#include "bench/trial/ceiling.h"
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
                "WARNING: %u of %zu trial%s were disturbed and are INVALID; trials.csv says by "
                "what. "
                "Measure again on a quiet machine.\n",
                disturbed, rows->count, text_s((double)rows->count));
    if (failed > 0)
        fprintf(stderr, "%u trial%s failed; trials.csv and the report say why\n", failed,
                text_s(failed));
    if (empty > 0)
        fprintf(stderr, "%u point%s no usable trial; trials.csv and the report say why\n",
                empty, empty > 1 ? "s have" : " has");
    return failed > 0 || empty > 0;
}

/* What stands below the ranking: comparisons with others, and how far the generator could go. */
static void tell_more(const char *dir, const struct scenario *scenario, struct run_data *d)
{
    const struct trial_rows *rows = &d->rows;
    const struct summary *summary = &d->summary;
    json_t *environment = d->environment;
    static const char *const protocols[] = {"http", "echo"};
    struct ratios ratios;
    ratios_make(&ratios, rows, summary, environment);
    ratios_write(&ratios, dir);
    for (int p = 0; p < PROTOCOL_COUNT; p++)
        ratios_print(stdout, &ratios, protocols[p]);
    orders_print(stdout, scenario->order, rows, summary);
    for (int p = 0; p < PROTOCOL_COUNT; p++) {
        char *text = ceiling_text(environment, rows, protocols[p]);
        if (text)
            printf("\n%s, %s\n", protocols[p], text);
        free(text);
    }
    ceiling_note(environment, rows);
    environment_save(dir, environment);
    ratios_free(&ratios);
}

int run_end(const char *dir, const char *scripts, const struct scenario *scenario)
{
    struct run_data d;
    char error[1024];
    if (!trials_csv_mend(dir)) {
        warn("nothing was measured");
        return 1;
    }
    if (!run_data_read(dir, &d, error, sizeof error)) {
        warn("no tables and no pictures: %s", error);
        return 1;
    }
    summary_write(&d.summary, dir);
    table_print(stdout, &d.summary, scenario->rank);
    tell_more(dir, scenario, &d);
    fflush(stdout);
    bool failed = tell_failures(&d.summary, &d.rows);

    if (!plot_make(dir, scripts, error, sizeof error))
        warn("no plots: %s; the data is kept, 'iomodels plot %s' draws them later", error, dir);
    if (report_make(dir, error, sizeof error))
        printf("\nreport: %s/report.html\n", dir);
    else
        warn("no report: %s", error);
    run_data_free(&d);
    return failed;
}
