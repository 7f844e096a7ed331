/* What differs in the environments of two runs. */
#ifndef IOM_ENVIRONMENT_DIFF_H
#define IOM_ENVIRONMENT_DIFF_H

#include <stddef.h>

#include "bench/record/environment.h"

/* A fact that can move figures and differs: as JSON has it, so no byte of it moves a terminal. */
struct environment_change {
    const char *name;
    char *a, *b;
};

struct environment_changes {
    struct environment_change *at;
    size_t count;
};

void environment_diff(struct environment_changes *out, const struct environment *a,
                      const struct environment *b);
void environment_changes_free(struct environment_changes *c);

/* What machine a run was made on, in one line: CPU, how many, and the CPUs of server and load
 * generator. Runs of two lines must not be mixed. The caller frees it. */
char *environment_fingerprint(const struct environment *e);

#endif
