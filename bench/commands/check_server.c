#include "bench/commands/check_server.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "bench/check/site.h"
#include "bench/plan/external_list.h"
#include "common/clock.h"
#include "common/err.h"

enum { SERVICE_AUTO, SERVICE_HTTP, SERVICE_ECHO, SERVICE_BOTH };

const char *const check_services[] = {"auto", "http", "echo", "both", NULL};

/* Long enough for most machines, short enough to wait for. */
static const uint64_t usual_idle_ns = NS_PER_S;

static bool set_at_once(void *target, const char *value)
{
    struct check_server_options *o = target;
    char *end;
    unsigned long n = strtoul(value, &end, 10);
    o->at_once = (unsigned)n;
    o->at_once_given = true;
    return value[0] >= '0' && value[0] <= '9' && *end == '\0' && n <= 1000000;
}

const struct option_row check_server_rows[] = {
    {OPTION_WORD, 0, "service", "http|echo|both",
     "what the server speaks; both where the command names {protocol}, which becomes http or echo",
     OPTION_FIELD(struct check_server_options, service), .words = check_services,
     .expects = "http, echo or both"},
    {OPTION_CALL, 0, "at-once", "N",
     "how many clients the server serves at one time (default: a model's own number; 0: no limit)",
     .call = set_at_once, .expects = "a number from 0 to 1000000"},
    {OPTION_TIME, 0, "idle", "TIME",
     "the silence after which the server promises to close a connection; {idle} in the command "
     "stands for it, in seconds (default: 1s where the command has {idle}, as our models have; "
     "else the cases about it are left out)",
     OPTION_FIELD(struct check_server_options, idle_ns), .low = 10 * NS_PER_MS,
     .high = 600 * NS_PER_S},
    {OPTION_TIME, 0, "patience", "TIME",
     "a wait for the server that lasts longer has failed (default: 10s)",
     OPTION_FIELD(struct check_server_options, patience_ns), .low = 10 * NS_PER_MS,
     .high = 3600 * NS_PER_S},
    {0},
};

_Static_assert(offsetof(struct check_server_options, paths) == 0, "paths_rows");

/* One of ours becomes a command, as any other server is one. */
static void make_own(struct check_server *s)
{
    const struct contestant *c = &s->contestant;
    s->own = (struct external){
        .command = text_format("{server} --listen 127.0.0.1:{port} --protocol {protocol} %s "
                               "--idle-timeout {idle}",
                               c->options ? c->options : ""),
        .stop_signal = SIGTERM,
        .protocols = {true, true},
        .set_names = {(char *)"server"},
        .set_values = {c->model.path},
        .set_count = 1};
}

static void choose_services(struct check_server *s, const struct check_server_options *o,
                            const char *text, bool command)
{
    const bool *has = s->play.server->protocols;
    bool either = command && o->service == SERVICE_AUTO && !strstr(text, "{protocol}");
    if (either)
        die_usage("say by --service http or --service echo what the server speaks, or put "
                  "{protocol} into its command");
    for (int p = 0; p < PROTOCOL_COUNT; p++) {
        bool asked = o->service == SERVICE_AUTO || o->service == SERVICE_BOTH ||
                     (o->service == SERVICE_HTTP) == (p == PROTOCOL_HTTP);
        s->services[p] = asked && (command || has[p]);
        if (asked && o->service != SERVICE_AUTO && !s->services[p])
            die_usage("%s does not speak %s", text, protocol_names[p]);
    }
}

static void find_command(struct check_server *s, const char *text, char *error,
                         size_t error_size)
{
    if (!externals_add_command(&s->list, text, "your-server", PROTOCOL_HTTP, error, error_size))
        die_usage("%s", error);
    s->play.server = s->list.at[s->list.count - 1].external;
}

void check_server_find(struct check_server *s, struct check_server_options *o, const char *text)
{
    char error[1024];
    bool command = strstr(text, "{port}") != NULL;
    *s = (struct check_server){0};
    if (o->patience_ns == 0)
        o->patience_ns = 10 * NS_PER_S;
    if (!externals_find(&s->list, o->paths.external, error, sizeof error))
        warn("%s", error);
    if (command) {
        find_command(s, text, error, sizeof error);
    } else {
        if (!contestant_find(&s->contestant, text, o->paths.servers, &s->list, error,
                             sizeof error))
            die_usage("%s; a server of yours is a command with {port} in it", error);
        if (!s->contestant.model.external)
            make_own(s);
        s->play.server = s->contestant.model.external ? s->contestant.model.external : &s->own;
    }
    if (o->idle_ns == 0 && site_takes_idle(s->play.server))
        o->idle_ns = usual_idle_ns;
    choose_services(s, o, text, command);
    s->play.at_once = o->at_once_given ? o->at_once : s->contestant.model.concurrency;
    s->play.idle_ns = o->idle_ns;
    s->play.patience_ns = o->patience_ns;
}

void check_server_free(struct check_server *s)
{
    free(s->own.command);
    contestant_free(&s->contestant);
    models_free(&s->list);
}
