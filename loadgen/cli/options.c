#include "loadgen/cli/options.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/command_line.h"
#include "common/err.h"
#include "common/parse.h"
#include "loadgen/cli/option_values.h"
#include "loadgen/protocol/pipeline.h"
#include "loadgen/report/fail_if.h"
#include "loadgen/report/search.h"
#include "loadgen/report/verdict.h"

#define MAX_CONNECTIONS 1000000
#define MAX_THREADS     1024
#define MAX_PAYLOAD     (16 << 20)

/* What --null asks for where no URL is given. */
static char *null_url[] = {"http://127.0.0.1/"};

static const char *const arrivals[] = {
    [ARRIVAL_CONSTANT] = "constant", [ARRIVAL_POISSON] = "poisson", NULL};
static const char *const engines[] = {
    [ENGINE_AUTO] = "auto", [ENGINE_EPOLL] = "epoll", [ENGINE_IO_URING] = "io_uring", NULL};
static const char *const coalescings[] = {[false] = "off", [true] = "auto", NULL};
static const char *const closings[] = {[false] = "fin", [true] = "rst", NULL};

#define FIELD(member) OPTION_FIELD(struct options, member)

static const struct option_row rows[] = {
    {OPTION_HEADING, .name = "", .help = "How long, from where"},
    {OPTION_NUMBER, 'c', "connections", "N", "connections to keep open (10)",
     FIELD(connections), .low = 1, .high = MAX_CONNECTIONS},
    {OPTION_NUMBER, 't', "threads", "N",
     "threads, each with its own event loop; at most -c (1)", FIELD(threads), .low = 1,
     .high = MAX_THREADS},
    {OPTION_TIME, 'd', "duration", "TIME", "length of the measured window (10s)",
     FIELD(duration_ns), .low = 1, .high = OPTION_TIME_MAX},
    {OPTION_NUMBER, 'n', "requests", "N",
     "measure N requests instead; with -d, whichever ends first", FIELD(requests), .low = 1,
     .high = INT64_MAX},
    {OPTION_TIME, 0, "warmup", "TIME", "load before the window that is not measured (0)",
     FIELD(warmup_ns), .high = OPTION_TIME_MAX},
    {OPTION_TIME, 0, "settle", "TIME",
     "before the load send one request on each connection and wait until all are answered, "
     "for so long at the most: the server then has accepted every connection (0)",
     FIELD(settle_ns), .high = OPTION_TIME_MAX},
    {OPTION_TIME, 0, "timeout", "TIME",
     "a request without its whole answer by then has failed, "
     "and its connection is replaced (2s)",
     FIELD(timeout_ns), .low = 1, .high = OPTION_TIME_MAX},
    {OPTION_WORD, 0, "engine", "NAME",
     "epoll, io_uring, or auto: io_uring where it works (auto)", FIELD(engine),
     .words = engines},
    {OPTION_WORD, 0, "coalesce", "HOW",
     "auto: a closed loop on io_uring whose thread is saturated takes answers in larger "
     "batches, which costs less CPU; off: each as it comes (auto)",
     FIELD(coalesce), .words = coalescings},
    {OPTION_FLAG, 0, "null", NULL,
     "no server: answers come from memory at once; without a URL HTTP. "
     "Tells the generator's own ceiling",
     FIELD(null)},

    {OPTION_HEADING, .name = "", .help = "Open loop"},
    {OPTION_CALL, 'R', "rate", "RATE",
     "requests a second in all; or steps and ramps: 1k,2k,5k/10s holds each for 10 s, "
     "1k..20k/10s goes from one to the other, and both may be mixed. That is then the length "
     "of the window without -d; with a longer one the last rate is held",
     .call = option_rate},
    {OPTION_WORD, 0, "arrival", "NAME", "constant, or poisson (constant)", FIELD(arrival),
     .words = arrivals},
    {OPTION_TIME, 0, "drain", "TIME",
     "how long requests of the window may take to end after it (--timeout, "
     "a tenth more and 100ms)",
     FIELD(drain_ns), .high = OPTION_TIME_MAX},
    {OPTION_CALL, 0, "search", "GOAL",
     "find the highest rate that keeps a goal such as 'p99<2ms': "
     "p50 p75 p90 p95 p99 p99.9 p99.99 mean max or stddev, < or <=, a time. "
     "-d is the window of one probe, -R where to begin",
     .call = option_search},

    {OPTION_HEADING, .name = "", .help = "What is asked"},
    {OPTION_CALL, 0, "urls", "FILE",
     "more URLs, one a line, its weight behind it after blanks; # begins a comment; "
     "- for standard input; 65535 at most",
     .call = url_list_read},
    {OPTION_CALL, 0, "method", "METHOD",
     "GET, HEAD, DELETE or any other but CONNECT (GET; POST with --data)",
     .call = option_method},
    {OPTION_CALL, 0, "data", "TEXT|@FILE",
     "the body of each request; - or @- for standard input. "
     "What a POST to /echo sends must come back",
     .call = option_data},
    {OPTION_CALL, 'H', "header", "'N: V'", "one more header field; may be repeated",
     .call = option_header},
    {OPTION_SIZE, 0, "payload", "SIZE", "bytes of an echo message, 1 to 16M (64)",
     FIELD(payload), .low = 1, .high = MAX_PAYLOAD},
    {OPTION_CALL, 0, "body", "WHAT",
     "what the body of a 2xx answer must be: same as the URL's first, of the same length, any, "
     "or that of a FILE (same)",
     .call = option_body},
    {OPTION_NUMBER, 0, "pipeline", "N", "requests on their way on a connection at the most (1)",
     FIELD(pipeline), .low = 1, .high = PIPELINE_MAX},
    {OPTION_CALL, 0, "think", "TIME[:exp]",
     "closed loop: pause before the next request; with :exp random, "
     "exponentially distributed with that mean (0)",
     .call = option_think},
    {OPTION_NUMBER, 0, "seed", "N", "of everything that is random (1)", FIELD(seed),
     .high = INT64_MAX},

    {OPTION_HEADING, .name = "", .help = "Connections"},
    {OPTION_NUMBER, 0, "requests-per-connection", "N",
     "close after N answers and connect anew (0: never)", FIELD(per_connection),
     .high = UINT32_MAX - 1},
    {OPTION_WORD, 0, "close", "HOW", "how connections are closed by us: fin, or rst (fin)",
     FIELD(close_by_reset), .words = closings},
    {OPTION_TEXT, 0, "source", "LIST",
     "connect from these addresses in turn: ADDR[,ADDR...], where ADDR may be FIRST-LAST (on "
     "127.x, short connections take 127.0.0.2 and so on when ports run short)",
     FIELD(source)},
    {OPTION_RATE, 0, "ramp", "RATE", "open so many a second (256 a millisecond)",
     FIELD(ramp_milli), .low = 1, .high = PARSE_RATE_MILLI_MAX},
    {OPTION_NUMBER, 0, "idle", "N", "N more that never speak", FIELD(idle),
     .high = MAX_CONNECTIONS},
    {OPTION_NUMBER, 0, "slow-readers", "N",
     "N more that ask for the first URL and read the answer a few bytes at a time",
     FIELD(slow_readers), .high = MAX_CONNECTIONS},
    {OPTION_NUMBER, 0, "slow-senders", "N", "N more whose requests trickle, a byte at a time",
     FIELD(slow_senders), .high = MAX_CONNECTIONS},

    {OPTION_HEADING, .name = "", .help = "What is written"},
    {OPTION_FLAG, 0, "latency", NULL, "print the table of percentiles", FIELD(latency_table)},
    {OPTION_TEXT, 0, "json", "FILE",
     "write everything as JSON; - for standard output, no summary then", FIELD(json)},
    {OPTION_TEXT, 0, "hgrm", "FILE", "write the percentiles in HdrHistogram's text form, in ms",
     FIELD(hgrm)},
    {OPTION_TEXT, 0, "csv", "FILE", "write a time series, a row each --interval", FIELD(csv)},
    {OPTION_TIME, 0, "interval", "TIME", "how long a row of --csv is (10ms at least)",
     FIELD(interval_ns), .low = 10 * NS_PER_MS, .high = OPTION_TIME_MAX,
     .expects = "a time such as 20ms, 1.5s or 2m (10 ms to 24 h)"},
    {OPTION_FLAG, 'q', "quiet", NULL, "no line of progress on a terminal", FIELD(quiet)},
    {OPTION_NUMBER, 0, "events-fd", "N",
     "write \"connected C\", \"start\" and \"end\" lines to descriptor N", FIELD(events_fd),
     .high = 1 << 20},
    {OPTION_FLAG, 0, "hold", NULL,
     "after the end keep the connections open until standard input ends", FIELD(hold)},

    {OPTION_HEADING, .name = "", .help = "How it is judged"},
    {OPTION_CALL, 0, "max-errors", "SHARE",
     "the verdict is FAILED where a greater share of the requests failed: 0.01 or 1% (1%)",
     .call = option_max_errors, .expects = "a share such as 0, 0.01, 1% or 100%"},
    {OPTION_CALL, 0, "fail-if", "LIST",
     "conditions that a good run does not meet, separated by commas; may be repeated: "
     "'p99>2ms', 'rate<5k', 'errors>0.1%', 'timeouts>0' (a number without % is a count), "
     "'transfer<10M'; < <= > or >=, and the times of --search",
     .call = fail_if_add},
    {.name = NULL},
};

static struct command_line command_line = {
    .usage = "iomodels-load [OPTIONS] URL\n"
             "       iomodels-load [OPTIONS] URL[@WEIGHT] URL[@WEIGHT]...",
    .about =
        "Load a server over many connections and measure latency and throughput. Closed loop: "
        "each connection sends its next request when the answer to the one before is complete. "
        "Open loop (-R): requests are due at times fixed before, and latency counts from "
        "then.\n\n"
        "URL:  http://HOST[:PORT][/PATH]   http+unix:///SOCKET[:/PATH]   "
        "http+unix://@NAME[:/PATH]\n"
        "      echo://HOST:PORT            echo+unix:///SOCKET           echo+unix://@NAME\n"
        "Of several URLs, all at one address, each request is for one by chance, as often as "
        "its weight (1) says.",
    .notes =
        "TIME: 250us, 20ms, 1.5s, 2m; a number alone is seconds. SIZE: bytes, or with k or M.\n"
        "RATE: a number, or with k or M for a thousand or a million: 0.5, 1500, 1.5k.\n"
        "The line of progress is for a terminal that can rewrite a line, by TERM, and is left "
        "out where NO_COLOR is set and not empty.\n"
        "Exit status:\n"
        "  0  the verdict is ok or generator-limited\n"
        "  1  nothing succeeded, the set-up failed or a file could not be written\n"
        "  2  wrong command line\n"
        "  3  the verdict is INVALID: what was measured is not what was asked for\n"
        "  4  the verdict is ok or generator-limited, and a condition of --fail-if holds\n"
        "  5  the verdict is FAILED: more requests failed than --max-errors allows",
    .version = "iomodels-load " IOM_VERSION,
    .tables = {rows},
};

void options_free(struct options *o)
{
    url_list_free(o);
    free(o->headers);
    free(o->data);
    fail_if_free(o);
}

void options_parse(struct options *o, int argc, char **argv)
{
    *o = (struct options){
        .connections = 10,
        .threads = 1,
        .coalesce = true,
        .timeout_ns = 2 * NS_PER_S,
        .seed = 1,
        .drain_ns = OPTION_UNSET,
        .pipeline = 1,
        .payload = 64,
        .body_rule = BODY_SAME,
        .max_errors_ppm = VERDICT_MAX_ERRORS_PPM,
        .headers = xstrdup(""),
        .events_fd = -1,
    };
    command_line.target = o;
    int first = command_line_read(&command_line, argc, argv);
    url_list_add(o, argv + first, argc - first);
    if (o->url_count == 0 && !o->null)
        die_usage("no URL");
    if (o->url_count == 0)
        url_list_add(o, null_url, 1);
    if (o->duration_ns == 0 && o->profile.count > 0)
        o->duration_ns = rate_profile_length(&o->profile);
    if (o->duration_ns == 0)
        o->duration_ns = o->requests ? CLOCK_NEVER : 10 * NS_PER_S;
    options_check(o);
}
