/* iomodels-load: the load generator. */
#include "common/err.h"
#include "common/inherit.h"
#include "loadgen/cli/options.h"
#include "loadgen/load/reach.h"
#include "loadgen/report/crew.h"
#include "loadgen/report/output.h"
#include "loadgen/report/search.h"

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
    struct crew alone = {.gate = options.gate ? &gate_input : NULL};
    int status = options.goal.text ? search_main(&options, &alone) : crew_run(&options, &alone);
    options_free(&options);
    return status;
}
