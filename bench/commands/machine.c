/* iomodels machine: what the small things cost here. */
#include <stdio.h>
#include <time.h>

#include "bench/base/json_get.h"
#include "bench/base/own_process.h"
#include "bench/base/paths.h"
#include "bench/commands/commands.h"
#include "bench/machine/measure.h"
#include "bench/record/machine.h"
#include "common/clock.h"
#include "common/err.h"

struct machine_options {
    bool json;
    uint64_t budget_ns;
};

static const struct option_row rows[] = {
    {OPTION_FLAG, 0, "json", NULL, "as JSON", OPTION_FIELD(struct machine_options, json)},
    {OPTION_TIME, 0, "seconds", "S", "measure for so long (default: 3)",
     OPTION_FIELD(struct machine_options, budget_ns), .low = NS_PER_MS, .high = 600 * NS_PER_S},
    {0},
};

static json_t *measure(uint64_t budget_ns)
{
    char date[64];
    struct paths paths = {0};
    struct placement placement;
    struct unit_costs costs;
    time_t now = time(NULL);
    struct tm utc;
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    own_descriptors_raise();
    paths_find(&paths);
    placement_choose(&placement, 1);
    json_t *machine = machine_describe();
    unit_costs_measure(&costs, &placement, budget_ns, paths.session_cost);
    return json_checked(json_pack("{s:s,s:o,s:o}", "date", date, "machine", machine,
                                  "unit_costs", unit_costs_to_json(&costs)),
                        "this machine");
}

int command_machine(int argc, char **argv)
{
    struct machine_options o = {.budget_ns = UNIT_COSTS_NS};
    const struct command_line line = {
        .usage = "iomodels machine [OPTIONS]\n",
        .about = "Measure.",
        .tables = {rows},
        .target = &o,
    };
    int at = command_line_read(&line, argc, argv);
    if (at < argc)
        die_usage("machine takes no argument such as '%s'", argv[at]);
    json_t *all = measure(o.budget_ns);
    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
    return 0;
}
