/* iomodels replay: one case of `iomodels check` once more, told as it happens. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/own_process.h"
#include "bench/base/process.h"
#include "bench/base/text.h"
#include "bench/base/wait.h"
#include "bench/commands/check_server.h"
#include "bench/commands/commands.h"
#include "common/err.h"

struct replay_options {
    struct check_server_options server; /* first: check_server_rows */
    bool show;
};

static const struct option_row rows[] = {
    {OPTION_FLAG, 0, "show", NULL, "print the case, and play nothing",
     OPTION_FIELD(struct replay_options, show)},
    {0},
};

_Static_assert(offsetof(struct replay_options, server) == 0, "check_server_rows");

/* The first of a file, or the one of that name. */
static const struct check_case *find_case(struct case_list *list, const char *name)
{
    char error[600];
    if (!strchr(name, '/') && !strchr(name, '.')) {
        case_list_known(list);
        const struct check_case *c = case_find(list, name);
        if (!c)
            die_usage("no case '%s'; 'iomodels check --list' shows those there are", name);
        return c;
    }
    *list = (struct case_list){0};
    char *text = text_read_file(name);
    if (!text)
        die_errno("cannot read %s", name);
    if (!case_list_add(list, text, name, error, sizeof error))
        die_usage("%s", error);
    free(text);
    return &list->at[0];
}

static int replay(const struct check_case *c, const struct check_server *s)
{
    struct played played;
    if (!s->services[c->service])
        die_usage("the case %s is about %s, which the server does not speak", c->name,
                  protocol_names[c->service]);
    printf("%s: %s\n", c->name, c->title);
    play(c, &s->play, &played);
    if (played.said && *played.said)
        printf("the server said:\n%s", played.said);
    int status = played.outcome == PLAY_PASSED        ? 0
                 : played.outcome == PLAY_INTERRUPTED ? 130
                                                      : 1;
    printf("%s%s%s\n",
           played.outcome == PLAY_PASSED    ? "passed"
           : played.outcome == PLAY_SKIPPED ? "left out: "
                                            : "failed: ",
           played.reason ? played.reason : "", "");
    if (played.outcome == PLAY_FAILED && c->hint)
        printf("hint: %s\n", c->hint);
    played_free(&played);
    return status;
}

int command_replay(int argc, char **argv)
{
    struct replay_options o = {0};
    struct case_list list;
    struct check_server server;
    const struct command_line line = {
        .usage = "iomodels replay CASE SERVER [OPTIONS]\n"
                 "       iomodels replay CASE --show\n",
        .about =
            "Play one case of 'iomodels check' against a server, and print each step with its "
            "time. CASE is the name of a case, or a file: a transcript that 'iomodels check "
            "--save' wrote, or a case of your own. SERVER is the same as for 'iomodels check'.",
        .notes =
            "Exit status: 0 the case passed, 1 it did not, 2 the command line or the case is "
            "wrong. docs/check.md describes the language of the cases.",
        .tables = {rows, check_server_rows, paths_rows},
        .target = &o,
    };
    int at = command_line_read(&line, argc, argv);
    if (argc - at != (o.show ? 1 : 2))
        die_usage(o.show ? "replay --show takes a case" : "replay takes a case and a server");
    const struct check_case *c = find_case(&list, argv[at]);
    int status = 0;
    if (o.show) {
        fputs(c->source, stdout);
    } else {
        paths_find(&o.server.paths);
        own_descriptors_raise();
        check_server_find(&server, &o.server, argv[at + 1]);
        server.play.live = stdout;
        wait_hold_signals();
        process_adopt_orphans();
        signal(SIGPIPE, SIG_IGN);
        status = replay(c, &server);
        wait_release_signals();
        check_server_free(&server);
    }
    case_list_free(&list);
    return status;
}
