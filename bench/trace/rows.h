/* The lines of a ladder and of the text form: one for each event of the story, in the order of
 * time, with what repeats itself folded into one. */
#ifndef IOM_TRACE_ROWS_H
#define IOM_TRACE_ROWS_H

#include "bench/trace/trace.h"

struct row {
    int64_t at;                    /* ns after the beginning */
    int client;                    /* whose bytes or connection; -1: nobody's */
    const struct act *act;         /* NULL: of the server */
    size_t task;                   /* of the server: index */
    const struct trace_call *call; /* the first of those that are folded */
    unsigned times;                /* calls in this row; 0: a wait that lasts */
    uint64_t bytes;
    enum trace_data data; /* of the server's */
    bool waits;           /* the call waited, since `from` */
    int64_t from;
    char *label;
};

struct rows {
    struct row *at;
    size_t count;
};

void rows_make(struct rows *r, const struct trace *t);
/* Put calls that follow one another in one row, as long as its label has at most `width`
 * columns. */
void rows_join(struct rows *r, size_t width);
void rows_free(struct rows *r);

/* How many rows are at or before a moment: where that moment lies among them. */
size_t rows_before(const struct rows *r, int64_t moment);

#endif
