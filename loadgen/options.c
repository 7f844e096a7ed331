#include "loadgen/options.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/http_chars.h"
#include "common/parse.h"
#include "loadgen/pipeline.h"

#define MAX_CONNECTIONS 1000000
#define MAX_THREADS     1024
#define MAX_PAYLOAD     (UINT64_C(16) << 20)
#define MAX_RATE_MILLI  UINT64_C(1000000000000)
#define MAX_TIME        (24 * 3600 * NS_PER_S)

/* An option that was not given. */
#define UNSET UINT64_MAX

/* What --null asks for where no URL is given. */
#define NULL_URL "http://127.0.0.1/"

static const char help[] =
    "Usage: iomodels-load [OPTIONS] URL\n"
    "Load a server over many connections and measure latency and throughput. Closed loop: "
    "each\n"
    "connection sends its next request when the answer to the one before is complete. Open "
    "loop\n"
    "(-R): requests are due at times fixed before, and latency counts from then.\n"
    "\n"
    "URL:  http://HOST[:PORT][/PATH]   http+unix:///SOCKET[:/PATH]   "
    "http+unix://@NAME[:/PATH]\n"
    "      echo://HOST:PORT            echo+unix:///SOCKET           echo+unix://@NAME\n"
    "\n"
    "  -c, --connections N   connections to keep open (10)\n"
    "  -t, --threads N       threads, each with its own event loop; at most -c (1)\n"
    "      --engine NAME     epoll, io_uring, or auto: io_uring where it works (auto)\n"
    "  -d, --duration TIME   length of the measured window (10s)\n"
    "  -n, --requests N      measure N requests instead; with -d, whichever ends first\n"
    "      --settle TIME     before the load send one request on each connection and wait "
    "until\n"
    "                        all are answered, for so long at the most: the server then has\n"
    "                        accepted every connection (0)\n"
    "      --warmup TIME     load before the window that is not measured (0)\n"
    "      --timeout TIME    a request without its whole answer by then has failed, and its\n"
    "                        connection is replaced (2s)\n"
    "  -R, --rate N          open loop: N requests a second in all; 0.5, 1500, 1.5k\n"
    "      --arrival NAME    with -R: constant, or poisson (constant)\n"
    "      --seed N          of everything that is random (1)\n"
    "      --drain TIME      with -R: how long requests of the window may take to end after "
    "it\n"
    "                        (as --timeout)\n"
    "      --think TIME[:exp]  closed loop: pause before the next request; with :exp random,\n"
    "                        exponentially distributed with that mean (0)\n"
    "      --pipeline N      requests on their way on a connection at the most (1)\n"
    "      --requests-per-connection N  close after N answers and connect anew (0: never)\n"
    "      --close HOW       how connections are closed by us: fin, or rst (fin)\n"
    "      --null            no server: answers come from memory at once; without a URL HTTP.\n"
    "                        Tells the generator's own ceiling\n"
    "      --payload SIZE    bytes of an echo message, up to 16M (64)\n"
    "  -H, --header 'N: V'   one more header field; may be repeated\n"
    "      --latency         print the table of percentiles\n"
    "      --json FILE       write everything as JSON; - for standard output, no summary then\n"
    "      --events-fd N     write \"connected C\", \"start\" and \"end\" lines to descriptor "
    "N\n"
    "      --hold            after the end keep the connections open until standard input "
    "ends\n"
    "      --help, --version\n"
    "\n"
    "TIME: 250us, 20ms, 1.5s, 2m; a number alone is seconds. SIZE: bytes, or with k or M.\n"
    "Exit status: 0; 1 where nothing succeeded or the set-up failed; 2 for a wrong command "
    "line;\n"
    "3 where the verdict is INVALID: what was measured is not what was asked for.\n";

enum {
    OPT_ENGINE = 256,
    OPT_WARMUP,
    OPT_SETTLE,
    OPT_TIMEOUT,
    OPT_ARRIVAL,
    OPT_SEED,
    OPT_DRAIN,
    OPT_THINK,
    OPT_PIPELINE,
    OPT_PER_CONNECTION,
    OPT_CLOSE,
    OPT_NULL,
    OPT_PAYLOAD,
    OPT_LATENCY,
    OPT_JSON,
    OPT_EVENTS_FD,
    OPT_HOLD,
    OPT_HELP,
    OPT_VERSION
};

static const struct option long_options[] = {
    {"connections", required_argument, NULL, 'c'},
    {"threads", required_argument, NULL, 't'},
    {"engine", required_argument, NULL, OPT_ENGINE},
    {"duration", required_argument, NULL, 'd'},
    {"requests", required_argument, NULL, 'n'},
    {"settle", required_argument, NULL, OPT_SETTLE},
    {"warmup", required_argument, NULL, OPT_WARMUP},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"rate", required_argument, NULL, 'R'},
    {"arrival", required_argument, NULL, OPT_ARRIVAL},
    {"seed", required_argument, NULL, OPT_SEED},
    {"drain", required_argument, NULL, OPT_DRAIN},
    {"think", required_argument, NULL, OPT_THINK},
    {"pipeline", required_argument, NULL, OPT_PIPELINE},
    {"requests-per-connection", required_argument, NULL, OPT_PER_CONNECTION},
    {"close", required_argument, NULL, OPT_CLOSE},
    {"null", no_argument, NULL, OPT_NULL},
    {"payload", required_argument, NULL, OPT_PAYLOAD},
    {"header", required_argument, NULL, 'H'},
    {"latency", no_argument, NULL, OPT_LATENCY},
    {"json", required_argument, NULL, OPT_JSON},
    {"events-fd", required_argument, NULL, OPT_EVENTS_FD},
    {"hold", no_argument, NULL, OPT_HOLD},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

static uint64_t number(const char *option, const char *text, uint64_t low, uint64_t high)
{
    uint64_t value;
    if (!parse_u64(text, low, high, &value))
        die_usage("%s: '%s' is not a number from %llu to %llu", option, text,
                  (unsigned long long)low, (unsigned long long)high);
    return value;
}

static uint64_t size(const char *option, const char *text, uint64_t low, uint64_t high)
{
    uint64_t value;
    if (!parse_size(text, low, high, &value))
        die_usage("%s: '%s' is not a size from %llu to %llu", option, text,
                  (unsigned long long)low, (unsigned long long)high);
    return value;
}

static uint64_t duration(const char *option, const char *text, uint64_t low)
{
    uint64_t value;
    if (!parse_duration(text, low, MAX_TIME, &value))
        die_usage("%s: '%s' is not a time such as 250us, 20ms, 1.5s or 2m (%sat most 24h)",
                  option, text, low ? "above 0, " : "");
    return value;
}

/* Which of `names` is `text`? */
static unsigned word(const char *option, const char *text, const char *const names[2])
{
    for (unsigned i = 0; i < 2; i++)
        if (strcmp(text, names[i]) == 0)
            return i;
    die_usage("%s: '%s' is not %s or %s", option, text, names[0], names[1]);
}

/* Requests a second, in thousandths. */
static uint64_t rate(const char *text)
{
    uint64_t value;
    if (!parse_rate_milli(text, 1, MAX_RATE_MILLI, &value))
        die_usage("--rate: '%s' is not a rate such as 0.5, 1500, 1.5k or 1M (0.001 to 1000M)",
                  text);
    return value;
}

/* TIME or TIME:exp */
static void think(struct options *o, const char *text)
{
    const char *colon = strchr(text, ':');
    char time[32];

    if (colon && strcmp(colon, ":exp") != 0)
        die_usage("--think: '%s' is not TIME or TIME:exp", text);
    snprintf(time, sizeof time, "%.*s", colon ? (int)(colon - text) : 31, text);
    o->think_ns = duration("--think", time, 0);
    o->think_exponential = colon != NULL;
}

static enum engine_choice engine(const char *text)
{
    static const char *const names[] = {
        [ENGINE_AUTO] = "auto",
        [ENGINE_EPOLL] = "epoll",
        [ENGINE_IO_URING] = "io_uring",
    };
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(text, names[i]) == 0)
            return (enum engine_choice)i;
    die_usage("--engine: '%s' is not auto, epoll or io_uring", text);
}

/* One header line, checked so that it cannot break the request's framing. */
static void add_header(struct options *o, const char *text)
{
    const char *colon = strchr(text, ':');
    size_t name = colon ? (size_t)(colon - text) : 0;
    size_t old = strlen(o->headers);
    size_t n = strlen(text);

    for (size_t i = 0; i < name; i++)
        if (!http_is_token((uint8_t)text[i]))
            name = 0;
    if (name == 0)
        die_usage("--header: '%s' is not 'Name: value'", text);
    for (const char *p = colon + 1; *p; p++)
        if (!http_is_value((uint8_t)*p))
            die_usage("--header: control character in the value of '%.*s'", (int)name, text);
    if ((name == 14 && strncasecmp(text, "content-length", 14) == 0) ||
        (name == 17 && strncasecmp(text, "transfer-encoding", 17) == 0))
        die_usage("--header: '%.*s' announces a body, and a GET has none", (int)name, text);
    if (name == 4 && strncasecmp(text, "host", 4) == 0)
        o->has_host = true;

    o->headers = xrealloc(o->headers, old + n + 3);
    memcpy(o->headers + old, text, n);
    memcpy(o->headers + old + n, "\r\n", 3);
}

/* The options of what is sent when, and on which connection. True where it is one of them. */
static bool take_load_option(struct options *o, int option, const char *value)
{
    switch (option) {
    case 'R':
        o->rate_milli = rate(value);
        return true;
    case OPT_ARRIVAL:
        o->arrival = (enum arrival)word("--arrival", value,
                                        (const char *const[]){"constant", "poisson"});
        return true;
    case OPT_SEED:
        o->seed = number("--seed", value, 0, UINT64_MAX);
        return true;
    case OPT_DRAIN:
        o->drain_ns = duration("--drain", value, 0);
        return true;
    case OPT_THINK:
        think(o, value);
        return true;
    case OPT_PIPELINE:
        o->pipeline = (uint32_t)number("--pipeline", value, 1, PIPELINE_MAX);
        return true;
    case OPT_PER_CONNECTION:
        o->per_connection =
            (uint32_t)number("--requests-per-connection", value, 0, UINT32_MAX - 1);
        return true;
    case OPT_CLOSE:
        o->close_by_reset = word("--close", value, (const char *const[]){"fin", "rst"}) == 1;
        return true;
    case OPT_NULL:
        o->null = true;
        return true;
    default:
        return false;
    }
}

static void take_option(struct options *o, int option, const char *value)
{
    if (take_load_option(o, option, value))
        return;
    switch (option) {
    case 'c':
        o->connections = (uint32_t)number("--connections", value, 1, MAX_CONNECTIONS);
        break;
    case 't':
        o->threads = (uint32_t)number("--threads", value, 1, MAX_THREADS);
        break;
    case OPT_ENGINE:
        o->engine = engine(value);
        break;
    case 'd':
        o->duration_ns = duration("--duration", value, 1);
        break;
    case 'n':
        o->requests = number("--requests", value, 1, INT64_MAX);
        break;
    case OPT_SETTLE:
        o->settle_ns = duration("--settle", value, 0);
        break;
    case OPT_WARMUP:
        o->warmup_ns = duration("--warmup", value, 0);
        break;
    case OPT_TIMEOUT:
        o->timeout_ns = duration("--timeout", value, 1);
        break;
    case OPT_PAYLOAD:
        o->payload = size("--payload", value, 1, MAX_PAYLOAD);
        break;
    case 'H':
        add_header(o, value);
        break;
    case OPT_LATENCY:
        o->latency_table = true;
        break;
    case OPT_JSON:
        o->json = value;
        break;
    case OPT_EVENTS_FD:
        o->events_fd = (int)number("--events-fd", value, 0, 1 << 20);
        break;
    case OPT_HOLD:
        o->hold = true;
        break;
    case OPT_HELP:
        fputs(help, stdout);
        exit(EXIT_SUCCESS);
    case OPT_VERSION:
        puts("iomodels-load " IOM_VERSION);
        exit(EXIT_SUCCESS);
    default:
        exit(EXIT_USAGE);
    }
}

/* getopt's own message is one line; the hint makes it two, as for every other usage error. */
static void hint(void)
{
    fprintf(stderr, "Try '%s --help'.\n", err_program());
    exit(EXIT_USAGE);
}

/* Options that need or exclude one another. */
static void check_load(struct options *o)
{
    if (o->rate_milli == 0 && o->arrival != ARRIVAL_CONSTANT)
        die_usage("--arrival: there is a schedule in open loop only, with --rate");
    if (o->rate_milli == 0 && o->drain_ns != UNSET)
        die_usage("--drain: there is something to drain in open loop only, with --rate");
    if (o->rate_milli > 0 && o->think_ns > 0)
        die_usage("--think: a pause after an answer makes no sense with --rate");
    if (o->think_ns > 0 && o->pipeline > 1)
        die_usage("--think: a pause after each answer makes no sense with --pipeline");
    if (o->null && o->engine != ENGINE_AUTO)
        die_usage("--null: it takes the place of an --engine");
    if (o->drain_ns == UNSET)
        o->drain_ns = o->timeout_ns;
}

static void check(struct options *o)
{
    char error[512];

    check_load(o);
    if (o->threads > o->connections)
        die_usage("--threads: %u threads for %u connections: each needs one at least",
                  o->threads, o->connections);
    if (o->events_fd >= 0 && fcntl(o->events_fd, F_GETFD) < 0)
        die_usage("--events-fd: descriptor %d is not open", o->events_fd);
    if (!url_parse(o->url_text, &o->url, error, sizeof error))
        die_usage("%s", error);
    if (o->url.protocol == URL_ECHO && o->headers[0])
        die_usage("--header: the echo protocol has no headers");
}

void options_parse(struct options *o, int argc, char **argv)
{
    *o = (struct options){
        .connections = 10,
        .threads = 1,
        .timeout_ns = 2 * NS_PER_S,
        .seed = 1,
        .drain_ns = UNSET,
        .pipeline = 1,
        .payload = 64,
        .headers = xstrdup(""),
        .events_fd = -1,
    };
    int option;
    while ((option = getopt_long(argc, argv, "c:t:d:n:H:R:", long_options, NULL)) != -1) {
        if (option == '?')
            hint();
        take_option(o, option, optarg);
    }
    if (optind == argc && !o->null)
        die_usage("no URL");
    if (optind + 1 < argc)
        die_usage("one URL at a time: '%s' is too many", argv[optind + 1]);
    o->url_text = optind < argc ? argv[optind] : NULL_URL;
    if (o->duration_ns == 0)
        o->duration_ns = o->requests ? CLOCK_NEVER : 10 * NS_PER_S;
    check(o);
}
