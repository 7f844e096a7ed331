/* The servers there are, and what each says of itself. */
#ifndef IOM_MODELS_H
#define IOM_MODELS_H

#include <stdbool.h>
#include <stddef.h>

struct model {
    char *name;
    char *path;
    char *summary;
    unsigned max_connections; /* 0: only descriptors limit it */
    unsigned concurrency;     /* connections it serves at one time; 0: no limit of its own */
};

struct model_list {
    struct model *at;
    size_t count;
};

/* Ask every executable of directory `servers` to describe itself (`--describe`), in the order
 * of the textbook: those this suite knows first, then the others by name. What does not answer
 * within ten seconds is no server, or is reported by models_select() when asked for by name. */
void models_find(struct model_list *list, const char *servers);
void models_free(struct model_list *list);

/* Keep only the comma-separated `names`, in the list's own order. Returns false with one line
 * in `error` where a name is not there. NULL keeps all. */
bool models_select(struct model_list *list, const char *names, char *error, size_t error_size);

const struct model *models_get(const struct model_list *list, const char *name);

/* Whether this suite has a model of that name, built here or not. */
bool models_known(const char *name);

/* Where `name` stands in the order of the textbook; unknown names come after all known ones. */
int models_rank(const char *name);

#endif
