/* One side of a duel: which server, with which options. */
#ifndef IOM_CONTESTANT_H
#define IOM_CONTESTANT_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/plan/models.h"

struct contestant {
    const char *text;   /* as it was named: "epoll-multi --workers 2" */
    struct model model; /* the contestant's own, but for `external` */
    char *options;      /* words to add to its command line; NULL for none */
};

/* Find whom `text` names: the words of a command line, of which the first is a model in the
 * directory `servers`, an external server among `externals`, or (with a slash) the program of a
 * server of another build; the other words are its options. Returns false with one line in `error`
 * where there is none, where it refuses its options, or where it cannot run here. */
bool contestant_find(struct contestant *c, const char *text, const char *servers,
                     const struct model_list *externals, char *error, size_t error_size);
void contestant_free(struct contestant *c);

#endif
