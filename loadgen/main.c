/* iomodels-load: the load generator. */
#include <stdlib.h>

#include "common/err.h"
#include "loadgen/options.h"
#include "loadgen/report.h"
#include "loadgen/result.h"
#include "loadgen/run.h"
#include "loadgen/verdict.h"

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
    int status = result.window.n[COUNT_OK] == 0 ? EXIT_FAILURE
                 : verdict_invalid(&result)     ? EXIT_INVALID
                                                : EXIT_SUCCESS;
    result_free(&result);
    run_free(&run);
    free(options.headers);
    return status;
}
