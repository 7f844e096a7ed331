/* iomodels-load: the load generator. */
#include <stdlib.h>

#include "common/err.h"
#include "common/inherit.h"
#include "loadgen/cli/options.h"
#include "loadgen/load/reach.h"
#include "loadgen/load/run.h"
#include "loadgen/report/fail_if.h"
#include "loadgen/report/output.h"
#include "loadgen/report/report.h"
#include "loadgen/report/result.h"
#include "loadgen/report/search.h"
#include "loadgen/report/verdict.h"

static int run_once(const struct options *o)
{
    struct run run;
    struct result result;

    char why[512];

    run_execute(&run, o, o->gate ? &gate_input : NULL);
    if (!run_came_up(&run, why, sizeof why))
        die("%s", why);
    result_collect(&result, &run);
    bool written = report_all(&run, &result, NULL);
    int status = written ? verdict_exit_status(&result) : EXIT_FAILURE;
    if (status == EXIT_SUCCESS && fail_if_any(o, &result))
        status = EXIT_FAIL_IF;
    result_free(&result);
    run_free(&run);
    return status;
}

int main(int argc, char **argv)
{
    struct options options;

    err_set_program(argv[0]);
    output_begin();
    inherit_clean(INHERIT_LOST);
    options_parse(&options, argc, argv);
    output_check(options.json);
    output_check(options.hgrm);
    reach(&options);
    int status = options.goal.text ? search_main(&options) : run_once(&options);
    options_free(&options);
    return status;
}
