#include "options.h"

#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/parse.h"
#include "model.h"

static void print_help(void)
{
    printf("usage: %s [OPTION]...\n"
           "%s: %s.\n"
           "\n"
           "  --listen ADDRESS        HOST:PORT, [IPV6]:PORT, unix:PATH or unix:@NAME; port 0 "
           "picks a\n"
           "                          free one (127.0.0.1:8080)\n"
           "  --protocol NAME         http or echo (http)\n"
           "  --backlog N             connections the kernel holds ready to be accepted; it "
           "takes no\n"
           "                          more than net.core.somaxconn (4096)\n"
           "  --max-connections N     close connections beyond N at once; 0 for the model's "
           "own limit (0)\n"
           "  --idle-timeout TIME     close a connection that makes no progress for so long; a "
           "request\n"
           "                          begun is answered with 408; 0 for never (60s)\n"
           "  --drain TIME            what SIGTERM leaves requests in flight to finish (5s)\n"
           "  --root DIR              serve the files below DIR too (http)\n"
           "  --max-body SIZE         largest request body (1M)\n"
           "  --ready-fd N            write the address to descriptor N once it listens, and "
           "close N\n"
           "  --describe              print the model's name and limits as JSON\n"
           "  --help, --version\n"
           "\n"
           "TIME takes ns, us, ms, s, m, h (alone: seconds), SIZE takes k, M, G.\n"
           "SIGTERM stops the server, SIGUSR1 prints its counters as a line of JSON; so does "
           "the end.\n"
           "HTTP: GET / /bytes/N /cpu/MICROSECONDS /wait/MILLISECONDS, POST /echo.\n",
           model.name, model.name, model.summary);
}

static void print_description(void)
{
    printf(
        "{\"model\":\"%s\",\"summary\":\"%s\",\"max_connections\":%zu,\"concurrency\":%zu}\n",
        model.name, model.summary, model.max_connections, model.concurrency);
}

static uint64_t number(const char *option, const char *text, uint64_t low, uint64_t high)
{
    uint64_t value;
    if (!parse_u64(text, low, high, &value))
        die_usage("%s: '%s' is not a number from %llu to %llu", option, text,
                  (unsigned long long)low, (unsigned long long)high);
    return value;
}

static uint64_t duration(const char *option, const char *text)
{
    uint64_t value;
    if (!parse_duration(text, 0, UINT64_C(86400) * NS_PER_S, &value))
        die_usage("%s: '%s' is not a time such as 500ms or 30s, of a day at most", option,
                  text);
    return value;
}

enum {
    LISTEN = 256,
    PROTOCOL,
    BACKLOG,
    MAX_CONNECTIONS,
    IDLE,
    DRAIN,
    ROOT,
    MAX_BODY,
    READY,
    DESCRIBE,
    HELP,
    VERSION
};

static void read_option(struct options *o, int option, const char *text)
{
    char error[256];
    uint64_t value;

    switch (option) {
    case LISTEN:
        if (!addr_parse(text, &o->listen, error, sizeof error))
            die_usage("--listen: %s", error);
        break;
    case PROTOCOL:
        o->app = app_find(text);
        if (!o->app)
            die_usage("--protocol: '%s' is neither http nor echo", text);
        break;
    case BACKLOG:
        o->backlog = (int)number("--backlog", text, 0, INT_MAX);
        break;
    case MAX_CONNECTIONS:
        o->max_connections = number("--max-connections", text, 0, 1000000);
        break;
    case IDLE:
        value = duration("--idle-timeout", text);
        o->idle_timeout = value ? value : CLOCK_NEVER;
        break;
    case DRAIN:
        o->drain = duration("--drain", text);
        break;
    case ROOT:
        o->root = text;
        break;
    case MAX_BODY:
        if (!parse_size(text, 0, UINT64_C(1) << 30, &value))
            die_usage("--max-body: '%s' is not a size such as 64k, of 1G at most", text);
        o->max_body = value;
        break;
    case READY:
        o->ready_fd = (int)number("--ready-fd", text, 0, INT_MAX);
        if (fcntl(o->ready_fd, F_GETFD) < 0)
            die_usage("--ready-fd: descriptor %d is not open", o->ready_fd);
        break;
    case DESCRIBE:
        print_description();
        exit(0);
    case HELP:
        print_help();
        exit(0);
    case VERSION:
        printf("%s (iomodels) %s\n", model.name, IOM_VERSION);
        exit(0);
    default: /* '?' and ':': named below, where argv is at hand */
        break;
    }
}

void options_read(int argc, char **argv, struct options *o)
{
    static const struct option longs[] = {
        {"listen", required_argument, NULL, LISTEN},
        {"protocol", required_argument, NULL, PROTOCOL},
        {"backlog", required_argument, NULL, BACKLOG},
        {"max-connections", required_argument, NULL, MAX_CONNECTIONS},
        {"idle-timeout", required_argument, NULL, IDLE},
        {"drain", required_argument, NULL, DRAIN},
        {"root", required_argument, NULL, ROOT},
        {"max-body", required_argument, NULL, MAX_BODY},
        {"ready-fd", required_argument, NULL, READY},
        {"describe", no_argument, NULL, DESCRIBE},
        {"help", no_argument, NULL, HELP},
        {"version", no_argument, NULL, VERSION},
        {0},
    };
    char error[256];

    *o = (struct options){.app = &app_http,
                          .backlog = 4096,
                          .idle_timeout = 60 * NS_PER_S,
                          .drain = 5 * NS_PER_S,
                          .max_body = 1 << 20,
                          .ready_fd = -1};
    if (!addr_parse("127.0.0.1:8080", &o->listen, error, sizeof error))
        die("%s", error);

    opterr = 0;
    for (;;) {
        int at = optind ? optind : 1;
        int option = getopt_long(argc, argv, "+:", longs, NULL);
        if (option < 0)
            break;
        if (option == ':')
            die_usage("%s needs a value", argv[at]);
        if (option == '?')
            die_usage("unknown option '%s'", argv[at]);
        read_option(o, option, optarg);
    }
    if (optind < argc)
        die_usage("unexpected argument '%s'", argv[optind]);
    if (o->root && o->app != &app_http)
        die_usage("--root goes with --protocol http only");
}
