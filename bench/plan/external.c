#include "bench/plan/external.h"

#include <stdlib.h>
#include <string.h>

bool external_is_counterpart(const char *of, const char *model)
{
    size_t n = strlen(model);
    if (strcmp(of, "*") == 0)
        return true;
    for (const char *at = of; (at = strstr(at, model)); at += n) {
        bool begins = at == of || at[-1] == ',' || at[-1] == ' ';
        if (begins && (at[n] == '\0' || at[n] == ',' || at[n] == ' '))
            return true;
    }
    return false;
}

void external_clear(struct external *p)
{
    free(p->file);
    free(p->here);
    free(p->counterpart_of);
    free(p->paths);
    free(p->needs);
    free(p->packages);
    free(p->command);
    free(p->try);
    free(p->config);
    free(p->program);
    for (size_t i = 0; i < p->set_count; i++) {
        free(p->set_names[i]);
        free(p->set_values[i]);
    }
}
