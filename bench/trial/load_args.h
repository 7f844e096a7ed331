/* The command line of a load generator. */
#ifndef IOM_LOAD_ARGS_H
#define IOM_LOAD_ARGS_H

#include <stddef.h>
#include <stdint.h>

#include "bench/base/protocol.h"
#include "bench/plan/point_load.h"

enum { LOAD_ARGS_MAX = 64 };

struct load_args {
    const char *argv[LOAD_ARGS_MAX]; /* ends with NULL */
    char *made[LOAD_ARGS_MAX];       /* those that were made here, to be freed */
    size_t count, made_count;
};

void load_args_begin(struct load_args *a, const char *program);

/* Add a word, which must live as long as the command line. */
void load_args_word(struct load_args *a, const char *word);

/* Add an option with its value. */
void load_args_number(struct load_args *a, const char *option, uint64_t value);
void load_args_time(struct load_args *a, const char *option, uint64_t ns);

/* What a point asks for. */
void load_args_point(struct load_args *a, const struct point_load *load);

/* The URL, last of all. `address`: of the server, as common/addr.h writes it. */
void load_args_url(struct load_args *a, enum protocol protocol, const char *address,
                   const struct point_load *load);

void load_args_free(struct load_args *a);

#endif
