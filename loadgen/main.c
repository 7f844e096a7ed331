/* iomodels-load: the load generator. */
#include <stdlib.h>

#include "common/err.h"
#include "loadgen/hgrm.h"
#include "loadgen/options.h"
#include "loadgen/report.h"
#include "loadgen/result.h"
#include "loadgen/run.h"

int main(int argc, char **argv)
{
    struct options options;
    struct run run;
    struct result result;

    err_set_program(argv[0]);
    options_parse(&options, argc, argv);
    run_execute(&run, &options);
    result_collect(&result, &run);

    bool json_only = options.json && options.json[0] == '-' && options.json[1] == '\0';
    if (!json_only)
        report_print(stdout, &run, &result);
    if (options.json)
        report_json(options.json, &run, &result);
    if (options.hgrm)
        hgrm_write_file(options.hgrm, result.latency);
    int status = result.window.n[COUNT_OK] > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    result_free(&result);
    run_free(&run);
    options_free(&options);
    return status;
}
