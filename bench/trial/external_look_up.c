#include "bench/trial/external_look_up.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/placeholders.h"
#include "bench/base/process.h"
#include "bench/base/text.h"
#include "bench/plan/external.h"
#include "bench/trial/external_site.h"
#include "common/clock.h"
#include "common/err.h"

static const uint64_t look_up_limit = 30 * NS_PER_S;

/* On PATH, or where the system keeps servers, which is on the PATH of root alone. */
static char *find_program(const char *name)
{
    const char *path = getenv("PATH");
    char *all =
        text_format("%s:/usr/local/sbin:/usr/sbin:/sbin", path ? path : "/usr/bin:/bin");
    char *rest = all;
    char *dir;
    char *found = NULL;
    while (!found && (dir = strsep(&rest, ":"))) {
        struct stat st;
        char *file = text_format("%s/%s", dir[0] ? dir : ".", name);
        if (stat(file, &st) == 0 && S_ISREG(st.st_mode) && access(file, X_OK) == 0)
            found = file;
        else
            free(file);
    }
    free(all);
    return found;
}

/* Whether it ends well; if not, `*why` becomes the first line it complained with: programs that
 * check a configuration say last that it is wrong, first what is. The caller frees it. */
static bool runs(const char *const *argv, char **why)
{
    struct process p;
    process_start(&p, &(struct process_spec){.argv = argv, .input = -1, .extra = -1});
    bool ended = process_wait(&p, clock_after(clock_ns(), look_up_limit));
    bool good = ended && p.status == 0;
    char *text = process_errors(&p);
    text[strcspn(text, "\n")] = '\0';
    if (!good && (!ended || !text[0]))
        *why = xstrdup(ended ? "its trial failed" : "its trial did not end within 30 s");
    else if (!good)
        *why = xstrdup(text);
    free(text);
    process_destroy(&p);
    return good;
}

/* Without the name of the temporary directory, which says nothing. */
static void shorten(char *text, const char *dir)
{
    size_t n = strlen(dir);
    for (char *at; n > 0 && (at = strstr(text, dir));)
        memmove(at, at + n + (at[n] == '/'), strlen(at + n + (at[n] == '/')) + 1);
}

/* The first command or module that is not there, or NULL. "command" and "python" say what the words
 * after them are. */
static char *first_missing(struct external *p)
{
    char error[128];
    char **words = words_split(p->needs, error, sizeof error);
    bool python = false;
    char *missing = words && words[1] ? NULL : xstrdup("what it needs is not said");
    for (size_t i = 0; words && words[i] && !missing; i++) {
        char *why = NULL;
        if (strcmp(words[i], "python") == 0 || strcmp(words[i], "command") == 0) {
            python = words[i][0] == 'p';
            continue;
        }
        const char *find =
            "import importlib.util as u, sys; sys.exit(u.find_spec(sys.argv[1]) is None)";
        const char *argv[] = {external_python(), "-c", find, words[i], NULL};
        char *program = python ? NULL : find_program(words[i]);
        if (python ? !runs(argv, &why) : !program)
            missing = text_format(python ? "no Python module %s" : "no command %s", words[i]);
        free(why);
        if (!p->program)
            p->program = program;
        else
            free(program);
    }
    words_free(words);
    return missing;
}

static char *try(const struct external *p)
{
    struct external_site site;
    char error[400] = "";
    char *why = NULL;
    struct external_site_spec spec = {.external = p,
                                      .command = p->try,
                                      .connections = 1,
                                      .path = "/",
                                      .protocol = PROTOCOL_HTTP};
    if (!external_site_make(&site, &spec, error, sizeof error))
        why = xstrdup(error);
    else if (!runs((const char *const *)site.argv, &why))
        shorten(why, site.dir);
    external_site_remove(&site);
    return why;
}

void external_look_up(struct model *m)
{
    struct external *p = m->external;
    if (!p || p->looked_up)
        return;
    p->looked_up = true;
    if (p->needs) {
        char *missing = first_missing(p);
        if (missing && p->packages)
            m->unsupported =
                text_format("not installed (%s): apt-get install %s", missing, p->packages);
        else if (missing)
            m->unsupported = text_format("not installed (%s)", missing);
        free(missing);
    }
    if (!m->unsupported && p->try)
        m->unsupported = try(p);
}
