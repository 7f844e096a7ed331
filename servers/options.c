#include "servers/options.h"

#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/output.h"
#include "common/parse.h"
#include "servers/model.h"

/* The CPUs this process may run on: what taskset(1) or a container leaves it. */
static unsigned available_cpus(void)
{
    cpu_set_t set;
    long n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set)
                                                         : sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > WORKERS_MAX ? WORKERS_MAX : (unsigned)n;
}

static unsigned default_workers(void)
{
    if (model.workers == 0)
        return 1;
    return model.workers == WORKERS_PER_CPU ? available_cpus() : model.workers;
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
    WORKERS,
    DESCRIBE,
    VERSION,
    MODEL_OPTION /* and the model's following ones */
};

static bool describe_wanted;

static void read_model_option(const struct model_option *m, const char *text)
{
    if (m->set(text))
        return;
    die_usage("--%s: '%s' is not %s", m->name, text, m->expects ? m->expects : m->argument);
}

static void read_workers(struct options *o, const char *text)
{
    if (!model.workers)
        die_usage("--workers: %s", model.no_workers ? model.no_workers
                                                    : "this model is one thread by definition");
    o->workers = (unsigned)number("--workers", text, 1, WORKERS_MAX);
}

/* A machine without IPv6 has no [::], and *:PORT means 0.0.0.0 there. */
static bool have_ipv6(void)
{
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static void read_listen(struct options *o, const char *text)
{
    char error[256], any[sizeof "0.0.0.0:65535"];
    if (strncmp(text, "*:", 2) == 0) {
        if (strlen(text) > strlen("*:65535"))
            die_usage("--listen: '%s' does not end in a port from 0 to 65535", text);
        snprintf(any, sizeof any, "%s%s", have_ipv6() ? "[::]" : "0.0.0.0", text + 1);
        text = any;
    }
    o->listen_count =
        (unsigned)addr_resolve(text, o->listen, ADDRESSES_MAX, error, sizeof error);
    if (o->listen_count == 0)
        die_usage("--listen: %s", error);
}

static void read_option(struct options *o, int option, const char *text)
{
    uint64_t value;

    switch (option) {
    case LISTEN:
        read_listen(o, text);
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
    case WORKERS:
        read_workers(o, text);
        break;
    case DESCRIBE:
        describe_wanted = true;
        break;
    case 'h':
        options_print_help();
        output_finish();
        exit(0);
    case VERSION:
        printf("%s (iomodels) %s\n", model.name, IOM_VERSION);
        output_finish();
        exit(0);
    default:
        read_model_option(&model.options[option - MODEL_OPTION], text);
        break;
    }
}

bool options_unsupported(const struct options *o, char *why, size_t size)
{
    if (model.listens_each && o->workers > 1 && addr_family(&o->listen[0]) == AF_UNIX) {
        snprintf(why, size,
                 "Unix-domain sockets have no SO_REUSEPORT, so %u workers cannot each have one "
                 "to listen on; --workers 1 can",
                 o->workers);
        return true;
    }
    return model.unsupported && model.unsupported(o, why, size);
}

/* Behind the options that all have, in a table whose end is all zero. */
static void add_model_options(struct option *table)
{
    while (table->name)
        table++;
    int value = MODEL_OPTION;
    for (const struct model_option *m = model.options; m && m->name; m++)
        *table++ = (struct option){m->name, m->argument ? required_argument : no_argument, NULL,
                                   value++};
}

void options_read(int argc, char **argv, struct options *o)
{
    static struct option longs[64] = {
        {"listen", required_argument, NULL, LISTEN},
        {"protocol", required_argument, NULL, PROTOCOL},
        {"backlog", required_argument, NULL, BACKLOG},
        {"max-connections", required_argument, NULL, MAX_CONNECTIONS},
        {"idle-timeout", required_argument, NULL, IDLE},
        {"drain", required_argument, NULL, DRAIN},
        {"root", required_argument, NULL, ROOT},
        {"max-body", required_argument, NULL, MAX_BODY},
        {"ready-fd", required_argument, NULL, READY},
        {"workers", required_argument, NULL, WORKERS},
        {"describe", no_argument, NULL, DESCRIBE},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, VERSION},
    };

    *o = (struct options){.app = &app_http,
                          .backlog = 4096,
                          .idle_timeout = 60 * NS_PER_S,
                          .drain = 5 * NS_PER_S,
                          .max_body = 1 << 20,
                          .ready_fd = -1,
                          .workers = default_workers()};
    read_listen(o, "127.0.0.1:8080");
    add_model_options(longs);
    opterr = 0;
    for (;;) {
        int at = optind ? optind : 1;
        int option = getopt_long(argc, argv, "+:h", longs, NULL);
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
    if (describe_wanted) {
        options_print_description(o);
        output_finish();
        exit(0);
    }
}
