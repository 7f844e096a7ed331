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

#define MAX_CONNECTIONS 1000000
#define MAX_THREADS     1024
#define MAX_PAYLOAD     (UINT64_C(16) << 20)
#define MAX_TIME        (24 * 3600 * NS_PER_S)

static const char help[] =
    "Usage: iomodels-load [OPTIONS] URL\n"
    "Load a server over many connections and measure latency and throughput. Closed loop: "
    "each\n"
    "connection sends its next request when the answer to the one before is complete.\n"
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
    "Exit status: 0, 1 where nothing succeeded or the set-up failed, 2 for a wrong command "
    "line.\n";

enum {
    OPT_ENGINE = 256,
    OPT_WARMUP,
    OPT_SETTLE,
    OPT_TIMEOUT,
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

static void take_option(struct options *o, int option, const char *value)
{
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

static void check(struct options *o)
{
    char error[512];

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
        .payload = 64,
        .headers = xstrdup(""),
        .events_fd = -1,
    };
    int option;
    while ((option = getopt_long(argc, argv, "c:t:d:n:H:", long_options, NULL)) != -1) {
        if (option == '?')
            hint();
        take_option(o, option, optarg);
    }
    if (optind == argc)
        die_usage("no URL");
    if (optind + 1 < argc)
        die_usage("one URL at a time: '%s' is too many", argv[optind + 1]);
    o->url_text = argv[optind];
    if (o->duration_ns == 0)
        o->duration_ns = o->requests ? CLOCK_NEVER : 10 * NS_PER_S;
    check(o);
}
