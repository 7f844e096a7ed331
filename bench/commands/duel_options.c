#include "bench/commands/duel_options.h"

#include "common/clock.h"
#include "common/err.h"
#include "common/parse.h"

static bool set_at(void *target, const char *value)
{
    return point_parse(&((struct duel_options *)target)->at, value, 1, 1000000);
}

static bool set_within(void *target, const char *value)
{
    double *within = &((struct duel_options *)target)->within;
    return parse_share(value, within) && *within > 0 && *within < 1;
}

static bool set_pairs(void *target, const char *value)
{
    uint64_t pairs;
    if (!parse_u64(value, 2, 1000, &pairs) || pairs % 2 != 0)
        return false;
    ((struct duel_options *)target)->pairs = (unsigned)pairs;
    return true;
}

static bool set_path(void *target, const char *value)
{
    ((struct duel_options *)target)->path = value;
    return value[0] == '/';
}

static bool set_seed(void *target, const char *value)
{
    struct duel_options *o = target;
    o->seeded = true;
    return parse_u64(value, 0, UINT64_MAX, &o->seed);
}

static const struct option_row rows[] = {
    {OPTION_CALL, 0, "at", "PROTOCOL,N",
     "http or echo, and the number of connections of each side (default: http,64)",
     .call = set_at, .expects = point_expects},
    {OPTION_WORD, 0, "metric", "rate|cpu|p99",
     "what is compared: requests per second, CPU time of the server per request, or the 99th "
     "percentile of latency (default: rate)",
     OPTION_FIELD(struct duel_options, metric), .words = duel_metric_names,
     .expects = "rate, cpu or p99"},
    {OPTION_CALL, 0, "within", "SHARE",
     "call both sides the same where they differ by less (default: 2%)", .call = set_within,
     .expects = "a share between 0 and 1, as 2% or 0.02"},
    {OPTION_TIME, 0, "budget", "TIME", "end without a decision after this time (default: 60s)",
     OPTION_FIELD(struct duel_options, budget_ns), .low = NS_PER_MS, .high = 86400 * NS_PER_S},
    {OPTION_FLAG, 0, "whole", NULL,
     "go on to the end of the budget when the duel is decided, for a narrower interval",
     OPTION_FIELD(struct duel_options, whole)},
    {OPTION_CALL, 0, "path", "PATH", "what http asks for (default: /)", .call = set_path,
     .expects = "a path that begins with /"},
    {OPTION_SIZE, 0, "payload", "BYTES", "size of one echo message (default: 64)",
     OPTION_FIELD(struct duel_options, payload), .low = 1, .high = 1 << 20},
    {OPTION_CALL, 0, "seed", "N",
     "the seed of the order of windows and of the bootstrap (default: random, told in the JSON)",
     .call = set_seed, .expects = "a number from 0 to 2^64-1"},
    {OPTION_TIME, 0, "window", "TIME", "length of a window (default: 25ms)",
     OPTION_FIELD(struct duel_options, window_ns), .low = NS_PER_MS, .high = 10 * NS_PER_S},
    {OPTION_CALL, 0, "pairs", "N",
     "pairs of windows between two starts of the servers (default: 8)", .call = set_pairs,
     .expects = "an even number from 2 to 1000"},
    {OPTION_NUMBER, 0, "sessions", "N",
     "starts of the servers at most (default: as many as the budget allows)",
     OPTION_FIELD(struct duel_options, sessions), .low = 1, .high = 1000000},
    {OPTION_NUMBER, 0, "repeat", "N",
     "hold N duels, each with the budget, and count the verdicts: with the same server on both "
     "sides, how often a difference is a false alarm",
     OPTION_FIELD(struct duel_options, repeat), .low = 1, .high = 1000000},
    {OPTION_TEXT, 0, "json", "FILE", "write the results as JSON",
     OPTION_FIELD(struct duel_options, json)},
    {OPTION_TEXT, 0, "plot", "FILE.svg", "draw the pairs of the last duel (needs gnuplot)",
     OPTION_FIELD(struct duel_options, plot)},
    {OPTION_TEXT, 0, "windows", "FILE.csv", "write what each window measured",
     OPTION_FIELD(struct duel_options, windows)},
    {0},
};

_Static_assert(offsetof(struct duel_options, paths) == 0, "paths_rows");

void duel_options_parse(struct duel_options *o, int argc, char **argv)
{
    *o = (struct duel_options){.at = {.protocol = PROTOCOL_HTTP, .at = 64},
                               .within = 0.02,
                               .budget_ns = 60 * NS_PER_S,
                               .path = "/",
                               .payload = 64,
                               .window_ns = 25 * NS_PER_MS,
                               .pairs = 8,
                               .repeat = 1};
    const struct command_line line = {
        .usage = "iomodels duel A B [OPTIONS]\n",
        .about =
            "Find out which of two servers is faster. Both are up and connected, and short windows "
            "load one of them at a time, in turn, so that both share the machine's weather. A and "
            "B are each a model ('epoll-lt'), a model with options ('epoll-multi --workers 2', one "
            "word for the shell), an external server, or the path of a server of another build. "
            "The duel ends with A faster, B faster, the same within a margin, or, when its time is "
            "over, cannot tell.",
        .notes = "Exit status: 0 with any verdict, 1 if a server failed or a request was not "
                 "answered well, 130 if interrupted. docs/duel.md tells how a duel decides.",
        .operand = "SERVER",
        .tables = {rows, paths_rows},
        .target = o,
    };
    int at = command_line_read(&line, argc, argv);
    if (argc - at != 2)
        die_usage("duel takes two servers, not %d", argc - at);
    o->sides[0] = argv[at];
    o->sides[1] = argv[at + 1];
    paths_find(&o->paths);
}
