/* iomodels merge: the reports of several load generators as one. */
#include "bench/merge/merge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/figures.h"
#include "bench/base/json_get.h"
#include "bench/base/text.h"
#include "bench/commands/commands.h"
#include "common/command_line.h"
#include "common/err.h"

/* As those of iomodels-load. */
enum { EXIT_INVALID = 3, EXIT_FAILED = 5 };

struct options {
    const char *json;
};

static const struct option_row rows[] = {
    {OPTION_TEXT, 0, "json", "FILE",
     "write the merged report as JSON; - is standard output, then without the summary",
     OPTION_FIELD(struct options, json)},
    {0},
};

static struct merge_input *read_all(char **paths, int count)
{
    struct merge_input *inputs = xcalloc((unsigned long)count, sizeof *inputs);

    for (int i = 0; i < count; i++) {
        json_error_t error;
        inputs[i].name = paths[i];
        inputs[i].report = json_load_file(paths[i], JSON_REJECT_DUPLICATES, &error);
        if (!inputs[i].report && error.line < 0)
            die("%s: %s", paths[i], error.text);
        if (!inputs[i].report)
            die("%s:%d: %s", paths[i], error.line, error.text);
        if (!json_is_object(inputs[i].report) ||
            !json_object_get(inputs[i].report, "verdict_reason"))
            die("%s is not what iomodels-load --json writes", paths[i]);
        if (json_array_size(json_object_get(inputs[i].report, "fail_if")) > 0)
            warn("%s: its conditions of --fail-if are not judged of all together", paths[i]);
    }
    return inputs;
}

static void print_times(const json_t *report, const char *name, const char *title)
{
    static const char *const columns[] = {"mean", "stddev", "p50", "p99", "max"};
    const json_t *times = json_object_get(report, name);
    char text[32];

    if (!json_is_object(times))
        return;
    printf("  %-13s", title);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        printf("%12s", figure_time(json_number(times, NULL, columns[i]) / 1e3, text));
    putchar('\n');
}

static void print_outcomes(const json_t *report)
{
    const char *name;
    json_t *value;

    printf("  Outcomes     ");
    json_object_foreach(json_object_get(report, "outcomes"), name,
                        value) if (json_integer_value(value) > 0 || strcmp(name, "ok") == 0)
        printf("%s%" JSON_INTEGER_FORMAT " %s", strcmp(name, "ok") ? " + " : "",
               json_integer_value(value), name);
    putchar('\n');
    json_object_foreach(json_object_get(report, "reasons"), name, value)
        printf("  Failed       %s: %s\n", name, json_string_value(value));
}

static void print_hosts(const json_t *report)
{
    const json_t *hosts = json_object_get(report, "hosts"), *host;
    char skew[32];
    size_t i;

    json_array_foreach(json_object_get(hosts, "each"), i, host) printf(
        "  Generator    %12.0f requests, CPU %.1f %%, %s   %s\n",
        json_number(host, NULL, "requests"), 100 * json_number(host, NULL, "cpu_fraction"),
        json_text(host, "verdict", ""), json_text(host, "name", ""));
    printf("  Start        within %s by the clocks of the machines\n",
           figure_time(json_number(hosts, NULL, "skew_ns") / 1e3, skew));
}

static void print_report(const json_t *report)
{
    const char *why = json_text(report, "verdict_reason", "");

    printf("%.2fs of %s\n", json_number(report, NULL, "window_ns") / 1e9,
           json_text(report, "url", ""));
    printf("  %.0f threads and %.0f connections, %s loop\n",
           json_number(report, NULL, "threads"), json_number(report, NULL, "connections"),
           json_text(report, "mode", ""));
    printf("  %-13s%12s%12s%12s%12s%12s\n", "", "mean", "stdev", "p50", "p99", "max");
    if (json_is_object(json_object_get(report, "response_time"))) {
        print_times(report, "response_time", "Response time");
        print_times(report, "service_time", "Service time");
        print_times(report, "lateness", "Lateness");
    } else {
        print_times(report, "latency", "Latency");
    }
    print_outcomes(report);
    printf(
        "  Fairness     %.0f / %.0f / %.0f answers per connection (min/median/max), Jain %.3f\n",
        json_number(report, "fairness", "min"), json_number(report, "fairness", "median"),
        json_number(report, "fairness", "max"), json_number(report, "fairness", "jain"));
    print_hosts(report);
    printf("Requests/sec: %12.2f\n", json_number(report, NULL, "requests_per_second"));
    printf("Verdict: %s%s%s\n", json_text(report, "verdict", ""), *why ? ": " : "", why);
}

static void write_json(const char *path, const json_t *report)
{
    const size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(9);
    bool standard = strcmp(path, "-") == 0;
    FILE *f = standard ? stdout : fopen(path, "we");

    if (!f)
        die_errno("cannot write %s", path);
    bool good = json_dumpf(report, f, flags) == 0 && putc('\n', f) != EOF;
    if ((!standard && !text_close(f)) || !good)
        die_errno("cannot write %s", path);
}

int command_merge(int argc, char **argv)
{
    struct options o = {0};
    char why[1024];
    const struct command_line line = {
        .usage = "iomodels merge [OPTION]... FILE...\n",
        .about =
            "Add up what several iomodels-load wrote with --json while they loaded one server "
            "together: histograms bucket by bucket, outcomes, fairness. The worst verdict is "
            "that of all; it is INVALID where the windows opened more than 1 % of a window "
            "apart. docs/many-machines.md says how to start generators together.",
        .notes = "Exit status: 0 where the verdict is ok or generator-limited, 1 where a file "
                 "cannot be read or written or the files are not of one load, 2 for a wrong "
                 "command line, 3 INVALID, 5 FAILED.",
        .tables = {rows},
        .target = &o,
    };
    int at = command_line_read(&line, argc, argv);
    int count = argc - at;

    if (count == 0)
        die_usage("merge takes the files that iomodels-load wrote with --json");
    struct merge_input *inputs = read_all(argv + at, count);
    json_t *report = merge(inputs, (size_t)count, why, sizeof why);
    if (!report)
        die("%s", why);
    if (!o.json || strcmp(o.json, "-") != 0)
        print_report(report);
    if (o.json)
        write_json(o.json, report);
    const char *verdict = json_text(report, "verdict", "");
    int status = strcmp(verdict, "INVALID") == 0  ? EXIT_INVALID
                 : strcmp(verdict, "FAILED") == 0 ? EXIT_FAILED
                                                  : 0;
    json_decref(report);
    for (int i = 0; i < count; i++)
        json_decref(inputs[i].report);
    free(inputs);
    return status;
}
