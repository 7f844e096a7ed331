/* The servers there are, and what each says of itself. */
#ifndef IOM_MODELS_H
#define IOM_MODELS_H

#include <stdbool.h>
#include <stddef.h>

struct external;

/* One of our servers, or one of others (external.h). */
struct model {
    char *name;
    char *path; /* the executable; NULL where `external` says how to start it */
    char *summary;
    unsigned max_connections;  /* 0: only descriptors limit it */
    unsigned concurrency;      /* connections it serves at one time; 0: no limit of its own */
    unsigned workers;          /* so many unless --workers says how many; 0: it has none */
    char *unsupported;         /* why it cannot run here, one line; NULL where it can */
    struct external *external; /* NULL: ours */
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

/* Ask `m`, one of ours, what it is when it is started with `options`, a line of words (NULL: none):
 * how many it serves at one time can depend on them. Returns false with one line in `error` where
 * it refuses them. */
bool models_describe_with(struct model *m, const char *options, char *error, size_t error_size);

/* Keep only the comma-separated `names`, in the list's own order. Returns false with one line
 * in `error` where a name is not there; `what` says what was looked for. NULL and "all" keep all,
 * "none" nothing. */
bool models_select(struct model_list *list, const char *names, const char *what, char *error,
                   size_t error_size);

/* Take over the models of `from`, which then is empty. */
void models_append(struct model_list *list, struct model_list *from);

const struct model *models_get(const struct model_list *list, const char *name);

/* Whether this suite has a model of that name (scripts/plots/models.csv), or of that before a '+',
 * built here or not. */
bool models_known(const char *name);

/* Where `name` stands in the order of the textbook, a variant with its model; other names, those of
 * the servers of others among them, come after all known ones. */
int models_rank(const char *name);

#endif
