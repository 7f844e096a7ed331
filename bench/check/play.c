#include "bench/check/play.h"

#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "bench/check/scene.h"
#include "bench/check/step.h"
#include "common/clock.h"
#include "common/err.h"

enum { IDLE_TRIES = 3 };

/* The idle timeout of a server in the cases that are not about it. */
static const uint64_t never_idle_ns = 3600 * NS_PER_S;

static const char late_text[] =
    "cannot tell: this machine kept the client waiting beyond the idle timeout: ";

/* Why the case says nothing of this server; NULL where it does. The caller frees it. */
static char *why_not(const struct check_case *c, const struct play_spec *spec)
{
    if (spec->at_once > 0 && c->clients > spec->at_once)
        return text_format("takes %u clients at a time, the server serves %u", c->clients,
                           spec->at_once);
    if (c->idle && spec->idle_ns == 0)
        return text_format(
            "say by {idle} in the command, or by --idle, after which silence the "
            "server closes");
    return NULL;
}

/* A client that this machine kept from speaking in time was cut with good reason. A wait for the
 * server that failed took longer: the patience. */
static void failed_at(struct scene *s, const struct step *step)
{
    uint64_t took = clock_ns() - s->clients.begin;
    bool judged = step->verb == VERB_TIMEOUT || step->verb == VERB_GONE;
    s->late = s->c->idle && !judged && took >= s->idle_ns && took < s->clients.patience;
    clients_note(&s->clients, "line %u of the case, '%s':", step->line, step->text);
}

static enum move_result take_steps(struct scene *s)
{
    const struct check_case *c = s->c;
    size_t begin = 0;
    unsigned round = 0;
    for (size_t i = 0; i < c->step_count; i++) {
        const struct step *step = &c->steps[i];
        if (step->verb == VERB_REPEAT) {
            begin = i;
            round = 1;
        } else if (step->verb == VERB_DONE && round < c->steps[begin].number) {
            round++;
            i = begin;
        } else {
            enum move_result result = move_make(s, step);
            if (result == MOVE_FAILED)
                failed_at(s, step);
            if (result != MOVE_OK)
                return result;
        }
    }
    return MOVE_OK;
}

/* A case is over: the server must still be there, and the client that flooded have its bytes. */
static enum move_result look_back(struct scene *s)
{
    char how[300];
    if (s->clients.flood_broken)
        return scene_fail(s, "the connection of the client that floods was broken");
    if (!s->terminated && site_has_ended(&s->site, how, sizeof how))
        return scene_fail(s, "the server ended: %s", how);
    return MOVE_OK;
}

/* A server that has ended is the better reason. */
static void add_end(struct scene *s)
{
    char how[300];
    struct process *p = &s->site.process;
    if (s->terminated || p->pid == 0 ||
        !process_wait(p, clock_after(clock_ns(), 200 * NS_PER_MS)))
        return;
    process_end_reason(p, how, sizeof how);
    size_t n = strlen(s->reason);
    snprintf(s->reason + n, sizeof s->reason - n, " (the server ended: %s)", how);
}

/* Whether the server has what the case needs: asked on a connection of its own. A server that says
 * that it has not says so with a whole answer; one that gives none has failed. */
static enum move_result find_need(struct scene *s, bool *has)
{
    struct step steps[] = {
        {.verb = VERB_OPEN, .text = "open need", .who = "need", .number = 1},
        {.verb = VERB_SEND, .text = "send need", .who = "need"},
        {.verb = VERB_ANSWER,
         .text = "answer need 100-599",
         .who = "need",
         .answer = {.from = {100}, .to = {599}, .statuses = 1}},
        {.verb = VERB_CLOSE, .text = "close need", .who = "need"},
    };
    char error[200];
    enum move_result result = MOVE_OK;
    if (!bytes_parse(s->c->needs, &steps[1].data, error, sizeof error))
        return scene_fail(s, "the case needs no request: %s", error);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && result == MOVE_OK; i++)
        result = move_make(s, &steps[i]);
    bytes_free(&steps[1].data);
    *has = s->status == 200;
    return result;
}

static enum play_outcome act(struct scene *s, const struct play_spec *spec)
{
    bool has = true;
    struct site_spec site = {.server = spec->server,
                             .service = s->c->service,
                             .nofile = s->c->nofile,
                             .idle_ns = s->c->idle ? s->idle_ns : never_idle_ns};
    if (!site_start(&s->site, &site, s->reason, sizeof s->reason))
        return PLAY_FAILED;
    s->clients.port = s->site.files.port;
    s->clients.server = s->site.process.pid;
    s->clients.pidfd = s->site.process.pidfd;
    enum move_result result = s->c->needs ? find_need(s, &has) : MOVE_OK;
    if (result == MOVE_OK && !has) {
        scene_fail(s, "the server has no answer 200 to %s", s->c->needs);
        return PLAY_SKIPPED;
    }
    if (result == MOVE_OK)
        result = take_steps(s);
    if (result == MOVE_OK)
        result = look_back(s);
    if (result == MOVE_FAILED)
        add_end(s);
    return result == MOVE_OK       ? PLAY_PASSED
           : result == MOVE_FAILED ? PLAY_FAILED
                                   : PLAY_INTERRUPTED;
}

/* The case, and as comments what happened. */
static char *transcript(const struct check_case *c, char *log, const char *reason)
{
    char *text = NULL, *line;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (!f)
        die("no memory");
    fprintf(f, "%s\n# What happened:\n", c->source);
    while ((line = strsep(&log, "\n")))
        if (*line)
            fprintf(f, "#%s\n", line);
    fprintf(f, "# %s\n", reason ? reason : "passed");
    if (fclose(f) != 0)
        die("no memory");
    return text;
}

/* One attempt; true where it is to be made again, with a longer idle timeout if the server takes
 * one: a machine that is slow may be the reason. The last attempt stands. */
static bool attempt(const struct check_case *c, const struct play_spec *spec, uint64_t idle_ns,
                    struct played *out)
{
    struct scene s = {.c = c, .idle_ns = idle_ns};
    char *log = NULL;
    size_t log_size;
    FILE *memory = open_memstream(&log, &log_size);
    if (!memory)
        die("no memory");
    s.clients = (struct clients){.pidfd = -1,
                                 .patience = spec->patience_ns,
                                 .begin = clock_ns(),
                                 .log = spec->live ? spec->live : memory};
    out->outcome = act(&s, spec);
    if (s.site.process.pid > 0)
        out->said = process_errors(&s.site.process);
    clients_free(&s.clients);
    site_end(&s.site);
    if (s.late)
        out->outcome = PLAY_SKIPPED;
    if (out->outcome != PLAY_PASSED)
        out->reason = text_format("%s%s", s.late ? late_text : "", s.reason);
    if (fclose(memory) != 0)
        die("no memory");
    out->transcript = transcript(c, log, out->reason);
    free(log);
    return s.late || s.early;
}

void play(const struct check_case *c, const struct play_spec *spec, struct played *out)
{
    uint64_t idle_ns = spec->idle_ns;
    *out = (struct played){.outcome = PLAY_SKIPPED, .reason = why_not(c, spec)};
    if (out->reason) {
        out->transcript = xstrdup(c->source);
        return;
    }
    for (size_t i = 0; i < c->step_count; i++)
        step_load(&c->steps[i]);
    for (int tries = 1; attempt(c, spec, idle_ns, out); tries++, idle_ns *= 4) {
        if (tries == IDLE_TRIES || !site_takes_idle(spec->server))
            break;
        played_free(out);
    }
    for (size_t i = 0; i < c->step_count; i++)
        step_unload(&c->steps[i]);
}

void played_free(struct played *p)
{
    free(p->reason);
    free(p->transcript);
    free(p->said);
    *p = (struct played){0};
}
