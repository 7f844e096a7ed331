#include "bench/commands/lesson_check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/own_process.h"
#include "bench/base/process.h"
#include "bench/base/text.h"
#include "bench/base/wait.h"
#include "bench/lesson/known.h"
#include "bench/show/lesson_text.h"
#include "common/clock.h"
#include "common/err.h"
#include "common/parse.h"
#include "common/terminal.h"

static const char ending[] = ".lesson";
/* What a window takes besides: the server's start and end, the warm-up. */
static const uint64_t around_window_ns = 250 * NS_PER_MS;

static bool is_file(const char *name)
{
    size_t n = strlen(name), m = sizeof ending - 1;
    return strchr(name, '/') || (n > m && strcmp(name + n - m, ending) == 0);
}

/* One of ours: "5", "select". */
static const struct lesson_file *find_known(const char *name)
{
    uint64_t number;
    bool numbered = parse_u64(name, 1, 99, &number);
    for (const struct lesson_file *f = lesson_files; f->name; f++)
        if (strcmp(name, f->name) == 0 || (numbered && strtoul(f->file, NULL, 10) == number))
            return f;
    return NULL;
}

void lesson_find(struct lesson *l, const char *name, uint64_t seed)
{
    char error[600];
    const struct lesson_file *known = find_known(name);
    char *text = NULL;
    if (!known && !is_file(name))
        die_usage("no lesson '%s'; 'iomodels lesson' lists those there are", name);
    if (!known && !(text = text_read_file(name)))
        die_errno("cannot read %s", name);
    if (!lesson_read(l, known ? known->text : text, known ? known->file : name, seed, error,
                     sizeof error))
        die("%s", error);
    free(text);
}

/* A line that is written over. */
static void tell_window(unsigned window, unsigned windows)
{
    if (terminal_rewrites())
        fprintf(stderr, "\rwindow %u of %u\033[K%s", window, windows,
                window == windows ? "\r\033[K" : "");
}

void lesson_run_find(struct lesson_servers *s, const struct lesson *l,
                     const struct lesson_run *run)
{
    /* Where session-cost is: no server is looked for there. */
    char *helpers = xstrdup(run->paths.session_cost);
    *strrchr(helpers, '/') = '\0';
    lesson_servers_find(s, l, run->paths.servers, helpers);
    free(helpers);
}

bool lesson_run_measure(struct lesson_measured *m, const struct lesson *l,
                        const struct lesson_servers *servers, const struct lesson_run *run)
{
    struct placement placement;
    struct lesson_setup setup = {.lesson = l,
                                 .rounds = run->rounds ? run->rounds : l->rounds,
                                 .window_ns = run->window_ns ? run->window_ns : l->window_ns,
                                 .seed = run->seed,
                                 .servers = servers,
                                 .loadgen = run->paths.loadgen,
                                 .placement = &placement,
                                 .tell = tell_window};
    size_t windows = setup.rounds * servers->there;
    fflush(stdout);
    own_descriptors_raise();
    placement_choose(&placement, 1);
    if (placement.shared)
        warn("server and load generator share the CPUs: figures are of both together");
    wait_hold_signals();
    fprintf(stderr, "lesson %u: %zu windows, some %.0f s\n", l->number, windows,
            (double)(windows * (setup.window_ns + around_window_ns)) / NS_PER_S);
    process_adopt_orphans();
    bool good = lesson_measure(m, &setup);
    wait_release_signals();
    return good;
}

enum outcome { CHECK_GOOD, CHECK_BAD, CHECK_INTERRUPTED };

/* What is said of a lesson that was measured. Without its answer it cannot be held here. */
static enum outcome tell_checked(const struct lesson *l, const struct lesson_servers *servers,
                                 const struct lesson_measured *m)
{
    struct lesson_expression answer;
    char why[200], value[LESSON_VALUE_TEXT];
    if (!lesson_expression_parse(&answer, l, l->answer.text, why, sizeof why))
        die("%s:%d: answer: %s", l->file, l->answer.line, why);
    struct lesson_value v = lesson_value(&m->windows, &answer);
    bool missing = lesson_missing(servers, &answer) != NULL;
    printf("lesson %u, %s: %s = %s, in %.0f s%s\n", l->number, l->name, l->answer.text,
           lesson_value_text(&v, lesson_unit(&answer), value), m->seconds,
           missing ? ": FAILED: a server of the answer is missing" : "");
    unsigned contradicted = lesson_tell_claims(l, m);
    for (size_t i = 0; i < l->side_count; i++)
        if (servers->missing[i])
            printf("  not measured  %s: %s\n", l->sides[i].name, servers->missing[i]);
    return missing || contradicted > 0 ? CHECK_BAD : CHECK_GOOD;
}

static enum outcome check_one(const struct lesson_run *run, const char *name)
{
    struct lesson l;
    struct lesson_servers servers;
    struct lesson_measured m;
    enum outcome outcome = CHECK_BAD;
    lesson_find(&l, name, run->seed);
    lesson_run_find(&servers, &l, run);
    if (lesson_run_measure(&m, &l, &servers, run))
        outcome = tell_checked(&l, &servers, &m);
    else if (m.interrupted)
        outcome = CHECK_INTERRUPTED;
    else
        printf("lesson %u, %s: FAILED: %s\n", l.number, l.name, m.reason);
    fflush(stdout);
    lesson_measured_free(&m);
    lesson_servers_free(&servers);
    lesson_free(&l);
    return outcome;
}

int lesson_check(const struct lesson_run *run, char **names, size_t count)
{
    unsigned bad = 0;
    size_t n = 0;
    while (count == 0 ? lesson_files[n].name != NULL : n < count) {
        enum outcome o = check_one(run, count == 0 ? lesson_files[n].name : names[n]);
        if (o == CHECK_INTERRUPTED)
            return 130;
        bad += o == CHECK_BAD;
        n++;
    }
    printf("%zu lesson%s, seed %llu: %u contradicted or failed\n", n, text_s((double)n),
           (unsigned long long)run->seed, bad);
    return bad > 0;
}
