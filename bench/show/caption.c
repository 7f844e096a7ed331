#include "bench/show/caption.h"

#include <stdlib.h>

#include "bench/base/text.h"
#include "bench/show/gnuplot.h"

/* Columns that fit into a picture's width at each size of letters. */
enum { TITLE_COLUMNS = 84, SMALL_COLUMNS = 132 };

char *caption_set(const struct caption *c)
{
    char *title = gnuplot_lines(c->finding, TITLE_COLUMNS);
    char *conditions = gnuplot_lines(c->conditions, SMALL_COLUMNS);
    char *note = gnuplot_lines(c->note, SMALL_COLUMNS);
    char *set = text_format("title=%s; conditions=%s; note=%s", title, conditions, note);
    free(note);
    free(conditions);
    free(title);
    return set;
}

void caption_write(const struct caption *c, const char *path)
{
    char *text =
        text_format("%s.\n%s.\n%s\n%s\n", c->finding, c->conditions, c->note, c->figures);
    text_write_file(path, text);
    free(text);
}

void caption_free(struct caption *c)
{
    free(c->finding);
    free(c->conditions);
    free(c->note);
    free(c->figures);
    *c = (struct caption){0};
}
