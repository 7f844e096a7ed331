/* iomodels machine: what a system call, a send, a switch cost here, or cost elsewhere. */
#include <stdio.h>
#include <time.h>

#include "bench/base/json_get.h"
#include "bench/base/own_process.h"
#include "bench/base/paths.h"
#include "bench/commands/commands.h"
#include "bench/machine/measure.h"
#include "bench/record/machine.h"
#include "bench/record/machine_file.h"
#include "bench/show/machine_card.h"
#include "common/clock.h"
#include "common/err.h"

struct machine_options {
    bool json;
    uint64_t budget_ns;
};

static const struct option_row rows[] = {
    {OPTION_FLAG, 0, "json", NULL,
     "print JSON: this machine, and its unit costs as in environment.json of a run",
     OPTION_FIELD(struct machine_options, json)},
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

/* Where the figures are from, a line. */
static void tell(const char *label, const struct machine_file *m)
{
    const struct unit_costs *u = &m->costs;
    printf("%s%s%s%s%s%s%s%s, CPU %d", label, label[0] ? ": " : "",
           m->cpu[0] ? m->cpu : "CPU unknown", m->virtualised ? " (virtualised)" : "",
           m->kernel[0] ? ", Linux " : "", m->kernel, m->date[0] ? ", " : "", m->date,
           u->server_cpu);
    if (u->generator_cpu != u->server_cpu)
        printf(" (the other: %d)", u->generator_cpu);
    printf(", %.2g s\n", u->seconds);
}

static void read_or_die(struct machine_file *m, const char *path)
{
    char error[1024];
    if (!machine_file_read(m, path, error, sizeof error))
        die("%s", error);
}

static void print_one(const struct machine_file *m, bool json)
{
    if (json) {
        json_dumpf(m->json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
        putchar('\n');
        return;
    }
    tell("", m);
    machine_card(stdout, &m->costs, m->virtualised, FORMAT_TERMINAL);
}

static void measure_here(const struct machine_options *o)
{
    char error[1024];
    struct machine_file m;
    if (!machine_file_take(&m, measure(o->budget_ns), "this machine", error, sizeof error))
        die("%s", error);
    print_one(&m, o->json);
    machine_file_free(&m);
}

static void show_one(const char *path, bool json)
{
    struct machine_file m;
    read_or_die(&m, path);
    print_one(&m, json);
    machine_file_free(&m);
}

static void show_two(char **paths)
{
    struct machine_file a, b;
    read_or_die(&a, paths[0]);
    read_or_die(&b, paths[1]);
    tell("A", &a);
    tell("B", &b);
    machine_compare(stdout, &a.costs, &b.costs, FORMAT_TERMINAL);
    machine_file_free(&a);
    machine_file_free(&b);
}

int command_machine(int argc, char **argv)
{
    struct machine_options o = {.budget_ns = UNIT_COSTS_NS};
    const struct command_line line = {
        .usage = "iomodels machine [--json] [--seconds S]\n"
                 "       iomodels machine [--json] FILE\n"
                 "       iomodels machine FILE FILE\n",
        .about =
            "Measure in about three seconds what the small things cost here that every "
            "server is made of: a system call, a send, a switch, a wake-up, a fork. Or show "
            "what was measured before: FILE is environment.json of a run, the directory of a "
            "run, or what --json printed. Two of them are put side by side.",
        .notes =
            "A figure is the median of short batches. Its interval covers the true median with "
            "95 % where there are six batches or more. Fewer are possible with a short "
            "--seconds: the interval is then from the least to the most. Beside it stands "
            "the fastest batch. docs/machine.md tells what is in each figure.",
        .operand = "FILE",
        .tables = {rows},
        .target = &o,
    };
    int at = command_line_read(&line, argc, argv);
    if (argc - at > 2)
        die_usage("machine takes two files at most");
    if (argc - at == 2 && o.json)
        die_usage("--json shows one machine");
    if (argc > at && o.budget_ns != UNIT_COSTS_NS)
        die_usage("--seconds is for measuring, not for files");
    /* All in one write, so that output.c can tell why it failed. */
    static char all[1 << 16];
    setvbuf(stdout, all, _IOFBF, sizeof all);
    if (argc == at)
        measure_here(&o);
    else if (argc - at == 1)
        show_one(argv[at], o.json);
    else
        show_two(argv + at);
    return 0;
}
