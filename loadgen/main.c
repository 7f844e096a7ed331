/* iomodels-load: the load generator. */
#include <signal.h>
#include <stdlib.h>

#include "common/err.h"
#include "loadgen/fail_if.h"
#include "loadgen/options.h"
#include "loadgen/output.h"
#include "loadgen/reach.h"
#include "loadgen/report.h"
#include "loadgen/result.h"
#include "loadgen/run.h"
#include "loadgen/search.h"
#include "loadgen/verdict.h"

static int run_once(const struct options *o)
{
    struct run run;
    struct result result;

    char why[512];

    run_execute(&run, o);
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

/* Whoever started us may have blocked some, and the mask is inherited (execve(2)): a name that the
 * resolver waits for could then not be interrupted. */
static void unblock_signals(void)
{
    sigset_t none;

    sigemptyset(&none);
    if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
        die_errno("cannot unblock signals");
}

int main(int argc, char **argv)
{
    struct options options;

    err_set_program(argv[0]);
    unblock_signals();
    output_begin();
    options_parse(&options, argc, argv);
    output_check(options.json);
    output_check(options.hgrm);
    reach(&options);
    int status = options.goal.text ? search_main(&options) : run_once(&options);
    options_free(&options);
    return status;
}
