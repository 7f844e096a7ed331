/* iomodels-load: the load generator. */
#include "common/err.h"
#include "loadgen/options.h"
#include "loadgen/report.h"
#include "loadgen/result.h"
#include "loadgen/run.h"
#include "loadgen/search.h"
#include "loadgen/verdict.h"

static int run_once(const struct options *o)
{
    struct run run;
    struct result result;

    run_execute(&run, o);
    result_collect(&result, &run);
    report_all(&run, &result, NULL);
    int status = verdict_exit_status(&result);
    result_free(&result);
    run_free(&run);
    return status;
}

int main(int argc, char **argv)
{
    struct options options;

    err_set_program(argv[0]);
    options_parse(&options, argc, argv);
    int status = options.goal.text ? search_main(&options) : run_once(&options);
    options_free(&options);
    return status;
}
