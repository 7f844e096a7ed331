#include "clients/options.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "clients/client.h"
#include "common/clock.h"
#include "common/command_line.h"
#include "common/err.h"
#include "common/output.h"

#define HOUR (UINT64_C(3600) * NS_PER_S)

static const struct option_row rows[] = {
    {OPTION_NUMBER, 'c', "concurrency", "C", "make C requests at once, 1 to 10000 (10)",
     OPTION_FIELD(struct options, concurrency), .low = 1, .high = JOB_CONCURRENCY_MAX},
    {OPTION_NUMBER, 'n', "requests", "N", "make N requests, then end (100)",
     OPTION_FIELD(struct options, job.requests), .low = 1, .high = 1000000000},
    {OPTION_TIME, 0, "timeout", "TIME",
     "a request that has no whole answer after so long, the connecting included, has failed (10s)",
     OPTION_FIELD(struct options, job.timeout), .low = 1, .high = HOUR},
    {OPTION_FLAG, 0, "close", NULL, "a new connection for each request",
     OPTION_FIELD(struct options, job.close)},
    {OPTION_TEXT, 0, "expect-body", "FILE",
     "each body must be what FILE holds; without this option, what the first answer brought",
     OPTION_FIELD(struct options, expect_body)},
    {OPTION_FLAG, 0, "any-body", NULL, "the bodies may differ",
     OPTION_FIELD(struct options, job.any_body)},
    {OPTION_TEXT, 0, "json", "FILE", "write the figures to FILE as JSON; - is standard output",
     OPTION_FIELD(struct options, json)},
    {OPTION_NUMBER, 0, "events-fd", "FD",
     "say 'start' and 'end' on socket FD, a line each, and wait for a byte after each of them",
     OPTION_FIELD(struct options, events_fd), .low = 3, .high = 1000000},
    {OPTION_FLAG, 0, "describe", NULL,
     "print the model's name and its limits as JSON, and exit",
     OPTION_FIELD(struct options, describe)},
    {.name = NULL},
};
_Static_assert(JOB_CONCURRENCY_MAX == 10000, "the help names it");

static const char notes[] =
    "URL: http://HOST[:PORT][/PATH][?QUERY]. In PATH or QUERY, "
    "{i} stands for the number of the request, 1 to N: http://127.0.0.1:8080/wait/50?page={i}\n"
    "TIME: ns, us, ms, s, m, h; a number alone is seconds.\n"
    "Exit status:\n"
    "  0  every request was answered with a status 2xx and the right body\n"
    "  1  the system refused something\n"
    "  2  the command line is wrong\n"
    "  3  the model cannot work on this system\n"
    "  5  a request has failed";
_Static_assert(EXIT_UNSUPPORTED == 3 && EXIT_FAILED == 5, "the notes name them");

static void describe(void)
{
    char why[256];
    bool unsupported = client.unsupported && client.unsupported(why, sizeof why);
    json_t *j = json_pack("{s:s, s:s, s:I, s:b, s:s?}", "client", client.name, "summary",
                          client.summary, "max_concurrency", (json_int_t)client.max_concurrency,
                          "keeps_connections", !client.keeps_none, "unsupported",
                          unsupported ? why : NULL);
    if (!j || json_dumpf(j, stdout, JSON_COMPACT) != 0)
        die("cannot write the description");
    putchar('\n');
    json_decref(j);
}

static void read_url(struct options *o, int argc, char **argv, int first)
{
    char error[512];
    if (first == argc)
        die_usage("the URL is missing");
    if (first + 1 < argc)
        die_usage("'%s' is one URL too many", argv[first + 1]);
    if (!job_set_url(&o->job, argv[first], error, sizeof error))
        die_usage("%s", error);
}

void options_read(int argc, char **argv, struct options *o)
{
    char usage[64], about[256], version[64];
    snprintf(usage, sizeof usage, "%s [OPTION]... URL", client.name);
    snprintf(
        about, sizeof about,
        "%s: %s.\nFetches N times from a server, C at once, checks each answer, and says how "
        "long that took.",
        client.name, client.summary);
    snprintf(version, sizeof version, "%s (iomodels) %s", client.name, IOM_VERSION);
    struct command_line line = {.usage = usage,
                                .about = about,
                                .notes = notes,
                                .version = version,
                                .tables = {rows, client.options},
                                .target = o};
    *o = (struct options){
        .job = {.requests = 100, .timeout = 10 * NS_PER_S}, .concurrency = 10, .events_fd = -1};
    int first = command_line_read(&line, argc, argv);
    if (o->describe) {
        describe();
        output_finish();
        exit(EXIT_SUCCESS);
    }
    read_url(o, argc, argv, first);
    if (o->expect_body && o->job.any_body)
        die_usage("--expect-body and --any-body contradict each other");
    if (client.max_concurrency > 1 && o->concurrency > client.max_concurrency)
        die_usage("--concurrency: %s holds %u connections at most", client.name,
                  client.max_concurrency);
    /* No more hands than there is work for. */
    o->job.concurrency =
        o->concurrency < o->job.requests ? o->concurrency : (unsigned)o->job.requests;
}
