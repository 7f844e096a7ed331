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
    {OPTION_NUMBER, 'c', "connections", "N", "how many connections to keep open (10)",
     FIELD(connections), .low = 1, .high = MAX_CONNECTIONS},
    {OPTION_NUMBER, 't', "threads", "N",
     "how many threads, each with its own event loop; at most -c (1)", FIELD(threads), .low = 1,
     .high = MAX_THREADS},
    {OPTION_TIME, 'd', "duration", "TIME", "length of the measured window (10s)",
     FIELD(duration_ns), .low = 1, .high = OPTION_TIME_MAX},
    {OPTION_NUMBER, 'n', "requests", "N",
     "measure N requests instead; with -d as well, the window ends with the first of the two",
     FIELD(requests), .low = 1, .high = INT64_MAX},
    {OPTION_TIME, 0, "warmup", "TIME",
     "how long to load before the window; this time is not measured (0)", FIELD(warmup_ns),
     .high = OPTION_TIME_MAX},
    {OPTION_TIME, 0, "settle", "TIME",
     "before the load, send one request on each connection and wait at most so long until all "
     "are answered; the server has then accepted every connection (0)",
     FIELD(settle_ns), .high = OPTION_TIME_MAX},
    {OPTION_TIME, 0, "timeout", "TIME",
     "a request without its whole answer after TIME has failed, and its connection is "
     "replaced (2s)",
     FIELD(timeout_ns), .low = 1, .high = OPTION_TIME_MAX},
    {OPTION_WORD, 0, "engine", "NAME",
     "epoll, io_uring, or auto: io_uring where it works (auto)", FIELD(engine),
     .words = engines},
    {OPTION_WORD, 0, "coalesce", "HOW",
     "auto: in a closed loop on io_uring a saturated thread takes answers in larger batches, "
     "to save CPU; off: it takes each answer as it comes (auto)",
     FIELD(coalesce), .words = coalescings},
    {OPTION_FLAG, 0, "spin", NULL,
     "closed loop: look for answers again and again instead of sleeping until one comes; a "
     "server then never has to wake the generator. Takes the whole CPU; without --coalesce",
     FIELD(spin)},
    {OPTION_FLAG, 0, "null", NULL,
     "use no server: answers come from memory at once. Shows what the generator can do at "
     "most. Without a URL the protocol is HTTP",
     FIELD(null)},

    {OPTION_HEADING, .name = "", .help = "Open loop"},
    {OPTION_CALL, 'R', "rate", "RATE",
     "requests a second in all; or steps and ramps: 1k,2k,5k/10s holds each rate for 10 s, "
     "1k..20k/10s goes from one rate to the other, and both may be mixed. Without -d the "
     "window is as long as all steps; with a longer -d the last rate is held",
     .call = option_rate},
    {OPTION_WORD, 0, "arrival", "NAME",
     "when requests are due: constant, or poisson (constant)", FIELD(arrival),
     .words = arrivals},
    {OPTION_TIME, 0, "drain", "TIME",
     "how long requests of the window may take to end after the window (--timeout, a tenth "
     "more and 100ms)",
     FIELD(drain_ns), .high = OPTION_TIME_MAX},
    {OPTION_CALL, 0, "search", "GOAL",
     "find the highest rate that keeps a goal such as 'p99<2ms': p50 p75 p90 p95 p99 p99.9 "
     "p99.99 mean max or stddev, then < or <=, then a time. -d is the window of one probe, -R "
     "the first rate",
     .call = option_search},

    {OPTION_HEADING, .name = "", .help = "What is asked"},
    {OPTION_CALL, 0, "urls", "FILE",
     "more URLs, one on each line; a weight may stand behind the URL after blanks; # begins a "
     "comment; - is standard input; 65535 URLs at most",
     .call = url_list_read},
    {OPTION_CALL, 0, "method", "METHOD",
     "the method: GET, HEAD, DELETE or any other but CONNECT (GET; POST with --data)",
     .call = option_method},
    {OPTION_CALL, 0, "data", "TEXT|@FILE",
     "the body of each request; - or @- is standard input. The body of a POST to /echo must "
     "come back",
     .call = option_data},
    {OPTION_CALL, 'H', "header", "'N: V'", "one more header field; may be repeated",
     .call = option_header},
    {OPTION_SIZE, 0, "payload", "SIZE", "bytes of an echo message, 1 to 16M (64)",
     FIELD(payload), .low = 1, .high = MAX_PAYLOAD},
    {OPTION_CALL, 0, "body", "same|length|any|FILE",
     "what the body of a 2xx answer must be: same (as the first of its URL), length (of the "
     "first), any, or the bytes of a FILE (same)",
     .call = option_body},
    {OPTION_NUMBER, 0, "pipeline", "N",
     "how many requests may be on their way on one connection (1)", FIELD(pipeline), .low = 1,
     .high = PIPELINE_MAX},
    {OPTION_CALL, 0, "think", "TIME[:exp]",
     "closed loop: pause for TIME before the next request; with :exp the pause is random, "
     "exponentially distributed, and TIME is its mean (0)",
     .call = option_think},
    {OPTION_TIME, 0, "spread", "TIME",
     "closed loop: the connections begin one after the other, evenly over TIME, in steps of 50ms, "
     "instead of all at once. With --think TIME as well they never ask all at once (0)",
     FIELD(spread_ns), .high = OPTION_TIME_MAX},
    {OPTION_NUMBER, 0, "seed", "N", "the seed of everything that is random (1)", FIELD(seed),
     .high = INT64_MAX},

    {OPTION_HEADING, .name = "", .help = "Connections"},
    {OPTION_NUMBER, 0, "requests-per-connection", "N",
     "close a connection after N answers and connect anew; 0: never (0)", FIELD(per_connection),
     .high = UINT32_MAX - 1},
    {OPTION_WORD, 0, "close", "HOW",
     "how the generator closes its connections: fin, or rst (fin)", FIELD(close_by_reset),
     .words = closings},
    {OPTION_TEXT, 0, "source", "LIST",
     "connect from these addresses in turn: ADDR[,ADDR...], where ADDR may be FIRST-LAST (to "
     "a server on 127.x, when ports run short: 127.0.0.1, 127.0.0.2 and so on)",
     FIELD(source)},
    {OPTION_RATE, 0, "ramp", "RATE", "open so many connections a second (256 a millisecond)",
     FIELD(ramp_milli), .low = 1, .high = PARSE_RATE_MILLI_MAX},
    {OPTION_NUMBER, 0, "idle", "N", "open N more connections that stay silent", FIELD(idle),
     .high = MAX_CONNECTIONS},
    {OPTION_NUMBER, 0, "slow-readers", "N",
     "open N more that ask for the first URL and read the answer a few bytes at a time",
     FIELD(slow_readers), .high = MAX_CONNECTIONS},
    {OPTION_NUMBER, 0, "slow-senders", "N",
     "open N more that send their requests a byte at a time", FIELD(slow_senders),
     .high = MAX_CONNECTIONS},

    {OPTION_HEADING, .name = "", .help = "What is written"},
    {OPTION_FLAG, 0, "latency", NULL, "print the table of percentiles", FIELD(latency_table)},
    {OPTION_TEXT, 0, "json", "FILE",
     "write everything as JSON; - is standard output, then without the summary", FIELD(json)},
    {OPTION_TEXT, 0, "hgrm", "FILE", "write the percentiles in HdrHistogram's text form, in ms",
     FIELD(hgrm)},
    {OPTION_TEXT, 0, "csv", "FILE", "write a time series: a row for each --interval",
     FIELD(csv)},
    {OPTION_TIME, 0, "interval", "TIME", "the length of an interval of --csv; 10ms at least",
     FIELD(interval_ns), .low = 10 * NS_PER_MS, .high = OPTION_TIME_MAX,
     .expects = "a time such as 20ms, 1.5s or 2m (10 ms to 24 h)"},
    {OPTION_FLAG, 'q', "quiet", NULL, "show no line of progress on a terminal", FIELD(quiet)},
    {OPTION_NUMBER, 0, "events-fd", "N",
     "write \"connected C\", \"start\" and \"end\" lines to descriptor N", FIELD(events_fd),
     .high = 1 << 20},
    {OPTION_FLAG, 0, "windows", NULL,
     "closed loop in many short windows: each line \"window DURATION [LEAD]\" on standard input "
     "loads for LEAD (5ms) and measures for DURATION; then nothing is sent until the next line. "
     "A \"window {...}\" line on --events-fd tells what was measured. The end of the input ends "
     "the run, and the report is of all windows together",
     FIELD(windows)},
    {OPTION_FLAG, 0, "gate", NULL,
     "connect, then wait for a line \"start NS\" on standard input and load from then on: "
     "nanoseconds since 1970, as date +%s%N tells them. Several generators can so begin "
     "together; iomodels merge adds up their --json",
     FIELD(gate)},
    {OPTION_FLAG, 0, "hold", NULL,
     "after the run keep the connections open until standard input ends", FIELD(hold)},

    {OPTION_HEADING, .name = "", .help = "How it is judged"},
    {OPTION_CALL, 0, "max-errors", "SHARE",
     "the verdict is FAILED if a greater share of the requests failed: 0.01 or 1% (1%)",
     .call = option_max_errors, .expects = "a share such as 0, 0.01, 1% or 100%"},
    {OPTION_CALL, 0, "fail-if", "LIST",
     "exit with status 4 if one of these conditions holds; commas separate them, and the "
     "option may be repeated: 'p99>2ms' and the other times of --search, 'rate<5k', "
     "'errors>0.1%', 'timeouts>0' (a number without % is a count), 'transfer<10M', each with "
     "< <= > or >=",
     .call = fail_if_add},
    {.name = NULL},
};

static struct command_line command_line = {
    .usage = "iomodels-load [OPTIONS] URL\n"
             "       iomodels-load [OPTIONS] URL[@WEIGHT] URL[@WEIGHT]...",
    .about =
        "Load a server over many connections, and measure latency and throughput. Closed "
        "loop: each connection sends its next request when the answer to the last one is "
        "complete. Open loop (-R): requests are due at times that are fixed before the run, "
        "and the latency of a request counts from then.\n"
        "\n"
        "URL:  http://HOST[:PORT][/PATH]   http+unix:///SOCKET[:/PATH]   "
        "http+unix://@NAME[:/PATH]\n"
        "      echo://HOST:PORT            echo+unix:///SOCKET           echo+unix://@NAME\n"
        "Several URLs must be at one address. Chance picks the URL of each request, by the "
        "weights (1 for a URL without a weight).",
    .notes =
        "TIME: 250us, 20ms, 1.5s, 2m; a number alone is seconds. SIZE: bytes, or with k or "
        "M.\n"
        "RATE: a number, or with k or M for a thousand or a million: 0.5, 1500, 1.5k.\n"
        "The line of progress needs a terminal that can rewrite a line (TERM). A NO_COLOR "
        "that is set and not empty switches the line off.\n"
        "Exit status:\n"
        "  0  the verdict is ok or generator-limited\n"
        "  1  nothing succeeded, the set-up failed or a file could not be written\n"
        "  2  the command line is wrong\n"
        "  3  the verdict is INVALID: the run is not the run that was asked for\n"
        "  4  the verdict is ok or generator-limited, but a condition of --fail-if holds\n"
        "  5  the verdict is FAILED: more requests failed than --max-errors allows",
    .version = "iomodels-load " IOM_VERSION,
    .tables = {rows},
};

void options_program(const char *usage, const char *version, const struct option_row *more)
{
    command_line.usage = usage;
    command_line.version = version;
    command_line.tables[1] = more;
}

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
    options_check_windows(o);
    if (o->duration_ns == 0 && o->profile.count > 0)
        o->duration_ns = rate_profile_length(&o->profile);
    if (o->duration_ns == 0)
        o->duration_ns = o->requests ? CLOCK_NEVER : 10 * NS_PER_S;
    options_check(o);
}
