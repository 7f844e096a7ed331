#include "bench/show/grid.h"

#include <stdlib.h>

#include "bench/base/text.h"
#include "bench/show/html.h"
#include "common/err.h"

void grid_add(struct grid *g, const char *const *cells)
{
    g->cells = xrealloc(g->cells, (g->rows + 1) * g->columns * sizeof *g->cells);
    for (size_t c = 0; c < g->columns; c++)
        g->cells[g->rows * g->columns + c] = xstrdup(cells[c]);
    g->rows++;
}

void grid_free(struct grid *g)
{
    for (size_t i = 0; i < g->rows * g->columns; i++)
        free(g->cells[i]);
    free(g->cells);
    g->cells = NULL;
    g->rows = 0;
}

static void print_row(FILE *f, const struct grid *g, const char *const *cells,
                      const size_t *widths)
{
    for (size_t c = 0; c < g->columns; c++) {
        bool left = g->left & 1u << c;
        bool last = c + 1 == g->columns;
        size_t n = text_width(cells[c]);
        int spaces = n < widths[c] ? (int)(widths[c] - n) : 0;
        fprintf(f, "  %*s%s%*s", left ? 0 : spaces, "", cells[c], left && !last ? spaces : 0,
                "");
    }
    fputc('\n', f);
}

void grid_print(FILE *f, const struct grid *g)
{
    size_t widths[GRID_COLUMNS_MAX] = {0};
    for (size_t c = 0; c < g->columns; c++) {
        widths[c] = text_width(g->heads[c]);
        for (size_t r = 0; r < g->rows; r++) {
            size_t n = text_width(g->cells[r * g->columns + c]);
            widths[c] = n > widths[c] ? n : widths[c];
        }
    }
    print_row(f, g, g->heads, widths);
    for (size_t r = 0; r < g->rows; r++)
        print_row(f, g, (const char *const *)g->cells + r * g->columns, widths);
}

void grid_html(FILE *f, const struct grid *g)
{
    fputs("<div class=\"scroll\"><table><tr>", f);
    for (size_t c = 0; c < g->columns; c++) {
        fputs(g->left & 1u << c ? "<th class=\"left\">" : "<th>", f);
        html_text(f, g->heads[c]);
        fputs("</th>", f);
    }
    fputs("</tr>\n", f);
    for (size_t r = 0; r < g->rows; r++) {
        fputs("<tr>", f);
        for (size_t c = 0; c < g->columns; c++) {
            fputs(g->left & 1u << c ? "<td class=\"left\">" : "<td>", f);
            html_text(f, g->cells[r * g->columns + c]);
            fputs("</td>", f);
        }
        fputs("</tr>\n", f);
    }
    fputs("</table></div>\n", f);
}
