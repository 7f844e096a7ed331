#include "loadgen/report/crew.h"

#include <stdlib.h>

#include "common/err.h"
#include "loadgen/report/fail_if.h"
#include "loadgen/report/report.h"
#include "loadgen/report/verdict.h"

int crew_run(const struct options *o, struct crew *crew)
{
    struct run run;
    struct result result;
    char why[512];

    run_execute(&run, o, crew->gate);
    if (!run_came_up(&run, why, sizeof why)) {
        if (!crew->silent)
            warn("%s", why);
        run_free(&run);
        return EXIT_FAILURE;
    }
    crew_collect(crew, &run, &result);
    bool written = crew->silent || report_all(&run, &result, NULL);
    int status = written ? verdict_exit_status(&result) : EXIT_FAILURE;
    if (status == EXIT_SUCCESS && fail_if_any(o, &result))
        status = EXIT_FAIL_IF;
    result_free(&result);
    run_free(&run);
    return status;
}
