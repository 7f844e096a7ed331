/* iomodels check: grade a server that somebody wrote. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/own_process.h"
#include "bench/base/process.h"
#include "bench/base/text.h"
#include "bench/base/wait.h"
#include "bench/check/grade.h"
#include "bench/check/grade_json.h"
#include "bench/commands/check_server.h"
#include "bench/commands/check_speed.h"
#include "bench/commands/commands.h"
#include "bench/show/check_text.h"
#include "common/clock.h"
#include "common/err.h"
#include "common/parse.h"

struct check_options {
    struct check_server_options server; /* first: check_server_rows */
    unsigned from, to;
    const char *only;
    const char *json;
    const char *save;
    const char *like;
    double at_least;
    uint64_t budget_ns;
    bool list;
    bool tap;
};

/* "3", or "1-5". */
static bool set_level(void *target, const char *value)
{
    struct check_options *o = target;
    uint64_t from, to;
    char *copy = xstrdup(value);
    char *dash = strchr(copy, '-');
    if (dash)
        *dash = '\0';
    bool good = parse_u64(copy, 1, GRADE_LEVELS, &from) &&
                parse_u64(dash ? dash + 1 : copy, from, GRADE_LEVELS, &to);
    if (good) {
        o->from = (unsigned)from;
        o->to = (unsigned)to;
    }
    free(copy);
    return good;
}

static bool set_at_least(void *target, const char *value)
{
    double *at_least = &((struct check_options *)target)->at_least;
    return parse_share(value, at_least) && *at_least > 0;
}

static const struct option_row rows[] = {
    {OPTION_CALL, 0, "level", "N", "the cases of level N alone; N-M: of the levels from N to M",
     .call = set_level, .expects = "a level from 1 to 9, or two of them as 1-5"},
    {OPTION_TEXT, 0, "case", "NAME", "this case alone",
     OPTION_FIELD(struct check_options, only)},
    {OPTION_FLAG, 0, "list", NULL, "list the cases, and check nothing",
     OPTION_FIELD(struct check_options, list)},
    {OPTION_FLAG, 0, "tap", NULL, "print TAP, the Test Anything Protocol",
     OPTION_FIELD(struct check_options, tap)},
    {OPTION_TEXT, 0, "json", "FILE", "write the grade as JSON; - for standard output",
     OPTION_FIELD(struct check_options, json)},
    {OPTION_TEXT, 0, "save", "DIR",
     "write a transcript of each case that failed to DIR/CASE.case, for 'iomodels replay'",
     OPTION_FIELD(struct check_options, save)},
    {OPTION_TEXT, 0, "like", "MODEL", "level 9: the model that the server claims to be",
     OPTION_FIELD(struct check_options, like)},
    {OPTION_CALL, 0, "at-least", "SHARE",
     "level 9: the part of the model's requests per second that is asked for (default: 50%)",
     .call = set_at_least, .expects = "a share above 0 and up to 1, as 50% or 0.5"},
    {OPTION_TIME, 0, "budget", "TIME", "level 9: how long the two are compared (default: 20s)",
     OPTION_FIELD(struct check_options, budget_ns), .low = NS_PER_S, .high = 3600 * NS_PER_S},
    {0},
};

_Static_assert(offsetof(struct check_options, server) == 0, "check_server_rows");

static const char *parse(struct check_options *o, int argc, char **argv)
{
    *o = (struct check_options){
        .from = 1, .to = GRADE_LEVELS, .at_least = 0.5, .budget_ns = 20 * NS_PER_S};
    const struct command_line line = {
        .usage = "iomodels check SERVER [OPTIONS]\n",
        .about =
            "Grade a server that somebody wrote, in whatever language, by what its clients see: 1 "
            "it answers, 2 two clients at once, 3 half-close and resets, 4 partial reads and "
            "writes, 5 no descriptors left, 6 HTTP keep-alive and pipelining, 7 hostile requests, "
            "8 idle timeout and drain, 9 speed beside a model. SERVER is a command as one word for "
            "the shell, in which {port} stands for the port of 127.0.0.1 to listen on: 'python3 "
            "my.py {port}'. It may be a model too ('epoll-lt'), or a server of 'iomodels list'. "
            "Each case starts the server anew.",
        .notes =
            "Exit status: 0 all cases passed, 1 some failed, 2 the command line is wrong, 130 "
            "interrupted. docs/check.md tells what each level wants.",
        .tables = {rows, check_server_rows, paths_rows},
        .target = o,
    };
    int at = command_line_read(&line, argc, argv);
    if (argc - at != (o->list ? 0 : 1))
        die_usage(o->list ? "check --list takes no server" : "check takes one server");
    if (o->tap && o->json && strcmp(o->json, "-") == 0)
        die_usage("--tap and --json - both want standard output");
    if (o->from == GRADE_LEVELS && !o->like)
        die_usage("level 9 needs --like MODEL");
    paths_find(&o->server.paths);
    return argv[at];
}

static void write_json(const struct grade *g, const char *server, const char *path)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *f = standard ? stdout : fopen(path, "we");
    if (!f)
        die_errno("cannot write %s", path);
    json_t *json = grade_json(g, server);
    json_dumpf(json, f, JSON_INDENT(2));
    fputc('\n', f);
    json_decref(json);
    if (!standard && !text_close(f))
        die_errno("cannot write %s", path);
}

static void tell(const struct grade *g, const struct check_options *o, const char *server)
{
    if (o->save)
        grade_save(g, o->save);
    if (o->json)
        write_json(g, server, o->json);
    if (o->tap)
        check_tell_tap(stdout, g);
    else if (!o->json || strcmp(o->json, "-") != 0)
        check_tell(stdout, g, server);
}

static int grade(const struct check_options *o, const struct case_list *list,
                 const struct check_server *server, const char *text)
{
    struct grade g;
    struct check_speed speed;
    struct grade_spec spec = {.play = server->play,
                              .services = server->services,
                              .only = o->only,
                              .from = o->from,
                              .to = o->to};
    if (o->like && o->to == GRADE_LEVELS) {
        check_speed_prepare(&speed, server, text, &o->server.paths, o->like, o->budget_ns);
        speed.spec.at_least = o->at_least;
        spec.speed = &speed.spec;
    }
    grade_run(&g, list, &spec);
    if (spec.speed)
        check_speed_free(&speed);
    if (g.interrupted)
        warn("interrupted after %zu case%s", g.count, text_s((double)g.count));
    else if (g.count == 0 && !spec.speed)
        die_usage("no case of that name or level is for a server like this");
    else
        tell(&g, o, text);
    int status = g.interrupted ? 130 : g.failed ? 1 : 0;
    grade_free(&g);
    return status;
}

int command_check(int argc, char **argv)
{
    struct check_options o;
    struct case_list list;
    struct check_server server;
    const char *text = parse(&o, argc, argv);
    int status = 0;
    case_list_known(&list);
    if (o.only && !case_find(&list, o.only))
        die_usage("no case '%s'; --list shows those there are", o.only);
    if (o.list) {
        check_tell_cases(stdout, &list);
    } else {
        own_descriptors_raise();
        check_server_find(&server, &o.server, text);
        wait_hold_signals();
        process_adopt_orphans();
        signal(SIGPIPE, SIG_IGN);
        status = grade(&o, &list, &server, text);
        wait_release_signals();
        check_server_free(&server);
    }
    case_list_free(&list);
    return status;
}
