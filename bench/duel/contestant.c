#include "bench/duel/contestant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/name.h"
#include "bench/base/text.h"
#include "bench/trial/external_look_up.h"
#include "common/err.h"

/* One of ours, from its file. False where there is no such program. */
static bool find_program(struct contestant *c, const char *word, const char *servers)
{
    const char *slash = strrchr(word, '/');
    char *path = slash ? xstrdup(word) : text_format("%s/%s", servers, word);
    bool found = (slash || name_is_good(word)) && access(path, X_OK) == 0;
    if (found)
        c->model = (struct model){.name = xstrdup(slash ? slash + 1 : word), .path = path};
    else
        free(path);
    return found;
}

static bool find_external(struct contestant *c, const char *word,
                          const struct model_list *externals)
{
    const struct model *m = models_get(externals, word);
    if (!m)
        return false;
    c->model = (struct model){.name = xstrdup(m->name),
                              .max_connections = m->max_connections,
                              .concurrency = m->concurrency,
                              .external = m->external};
    external_look_up(&c->model);
    return true;
}

bool contestant_find(struct contestant *c, const char *text, const char *servers,
                     const struct model_list *externals, char *error, size_t error_size)
{
    char *copy = xstrdup(text);
    char *rest = text_trim(copy);
    char *word = strsep(&rest, " \t");
    *c = (struct contestant){.text = text};
    if (rest && *text_trim(rest))
        c->options = xstrdup(text_trim(rest));

    bool good = false;
    if (find_program(c, word, servers))
        good = models_describe_with(&c->model, c->options, error, error_size);
    else if (find_external(c, word, externals))
        good = true;
    else if (strchr(word, '/'))
        snprintf(error, error_size, "cannot run the server '%s'", word);
    else
        snprintf(error, error_size,
                 "no model and no external server '%s'; 'iomodels list' shows those there are",
                 word);
    if (good && c->model.unsupported) {
        snprintf(error, error_size, "%s cannot run here: %s", word, c->model.unsupported);
        good = false;
    }
    free(copy);
    return good;
}

void contestant_free(struct contestant *c)
{
    free(c->model.name);
    free(c->model.path);
    free(c->model.summary);
    free(c->model.unsupported);
    free(c->options);
}
