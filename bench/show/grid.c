#include "bench/show/grid.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "bench/show/html.h"
#include "common/err.h"

struct grid_row *grid_row(struct grid *g)
{
    g->rows = xrealloc(g->rows, (g->count + 1) * sizeof *g->rows);
    g->rows[g->count] = (struct grid_row){0};
    g->filled = 0;
    return &g->rows[g->count++];
}

void grid_cell(struct grid *g, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    if (vasprintf(&g->rows[g->count - 1].cells[g->filled++], format, ap) < 0)
        die("out of memory");
    va_end(ap);
}

void grid_number(struct grid *g, int decimals, double value)
{
    if (isnan(value))
        grid_cell(g, "n/a");
    else
        grid_cell(g, "%.*f", decimals, value);
}

void grid_free(struct grid *g)
{
    for (size_t r = 0; r < g->count; r++)
        for (size_t c = 0; c < g->columns; c++)
            free(g->rows[r].cells[c]);
    free(g->rows);
}

static bool is_left(const struct grid *g, size_t column)
{
    return g->left & 1u << column;
}

static void print_row(FILE *f, const struct grid *g, const char *const *cells,
                      const int *widths)
{
    for (size_t c = 0; c < g->columns; c++) {
        int spaces = widths[c] - (int)text_width(cells[c]);
        bool last = c + 1 == g->columns;
        fprintf(f, "%s%*s%s%*s", c == 0 && g->first_width ? "" : "  ",
                is_left(g, c) ? 0 : spaces, "", cells[c], is_left(g, c) && !last ? spaces : 0,
                "");
    }
    fputc('\n', f);
}

static void print(FILE *f, const struct grid *g)
{
    int widths[GRID_COLUMNS_MAX] = {g->first_width};
    for (size_t c = 0; c < g->columns; c++) {
        for (size_t r = 0; r <= g->count; r++) {
            int n = (int)text_width(r < g->count ? g->rows[r].cells[c] : g->heads[c]);
            widths[c] = n > widths[c] ? n : widths[c];
        }
    }
    print_row(f, g, g->heads, widths);
    for (size_t r = 0; r < g->count; r++)
        print_row(f, g, (const char *const *)g->rows[r].cells, widths);
}

static void put_html_cell(FILE *f, const char *tag, const char *class, const char *mark,
                          const char *text)
{
    fprintf(f, "<%s", tag);
    if (class[0] || mark[0])
        fprintf(f, " class=\"%s%s%s\"", class, class[0] && mark[0] ? " " : "", mark);
    fputc('>', f);
    html_text(f, text);
    fprintf(f, "</%.2s>", tag);
}

/* A part that may be scrolled must be reached with the keyboard (WCAG 2.1, 2.1.1). */
static void put_html(FILE *f, const struct grid *g)
{
    fputs("<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>", f);
    for (size_t c = 0; c < g->columns; c++)
        put_html_cell(f, "th scope=\"col\"", is_left(g, c) ? "left" : "", "", g->heads[c]);
    fputs("</tr></thead><tbody>\n", f);
    for (size_t r = 0; r < g->count; r++) {
        const struct grid_row *row = &g->rows[r];
        fputs(row->faint ? "<tr class=\"out\">" : "<tr>", f);
        for (size_t c = 0; c < g->columns; c++)
            put_html_cell(f, "td",
                          g->wrap & 1u << c ? "wrap"
                          : is_left(g, c)   ? "left"
                                            : "",
                          row->mark && c == g->marked ? row->mark : "", row->cells[c]);
        fputs("</tr>\n", f);
    }
    fputs("</tbody></table></div>", f);
}

static void put_markdown_row(FILE *f, const struct grid *g, const char *const *cells)
{
    for (size_t c = 0; c < g->columns; c++) {
        fputs("| ", f);
        for (const char *at = cells[c]; *at; at++) {
            if (strchr("|\\`*_<", *at))
                fputc('\\', f);
            fputc(*at, f);
        }
        fputc(' ', f);
    }
    fputs("|\n", f);
}

static void put_markdown(FILE *f, const struct grid *g)
{
    put_markdown_row(f, g, g->heads);
    for (size_t c = 0; c < g->columns; c++)
        fputs(is_left(g, c) ? "|---" : "|--:", f);
    fputs("|\n", f);
    for (size_t r = 0; r < g->count; r++)
        put_markdown_row(f, g, (const char *const *)g->rows[r].cells);
}

void grid_put(FILE *f, const struct grid *g, enum format format)
{
    static void (*const put[])(FILE *, const struct grid *) = {
        [FORMAT_TERMINAL] = print, [FORMAT_HTML] = put_html, [FORMAT_MARKDOWN] = put_markdown};
    put[format](f, g);
}

void grid_heading(FILE *f, const char *text, enum format format)
{
    static const char *const before[] = {
        [FORMAT_TERMINAL] = "\n", [FORMAT_HTML] = "<h4>", [FORMAT_MARKDOWN] = "\n### "};
    static const char *const after[] = {
        [FORMAT_TERMINAL] = "\n", [FORMAT_HTML] = "</h4>\n", [FORMAT_MARKDOWN] = "\n\n"};
    fprintf(f, "%s%s%s", before[format], text, after[format]);
}
