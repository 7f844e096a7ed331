#include "bench/show/trace_text.h"

#include <string.h>

#include "bench/base/text.h"

static unsigned hidden(const struct trace *t)
{
    unsigned n = 0;
    for (size_t i = 0; i < t->task_count; i++)
        n += !t->tasks[i].shown && t->tasks[i].to > t->played.end;
    return n;
}

void trace_tell(FILE *f, const struct trace *t, const struct rows *r)
{
    fprintf(f, "%s: %s\n\n", t->model->name, t->model->summary);
    for (size_t i = 0; i < r->count; i++) {
        const struct row *row = &r->at[i];
        fprintf(f, "%9.3f ms  ", (double)row->at / 1e6);
        if (row->act)
            fprintf(f, "%c %s\n", t->script->names[row->client], row->label);
        else
            fprintf(f, "%30s%-10s %s%s\n", "", t->tasks[row->task].name, row->label,
                    row->waits && row->times > 0 ? "   (it had waited)" : "");
    }
    unsigned n = hidden(t);
    if (n > 0)
        fprintf(f, "\n%u more task%s of the server did nothing but wait.\n", n, text_s(n));
    fprintf(f, "\n");
}
