#include "bench/show/run_files.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/text.h"
#include "bench/show/html.h"
#include "bench/show/svg.h"

void run_files_link(FILE *f, const struct run_files *run, const char *file)
{
    fputs("<a href=\"", f);
    html_path(f, run->href);
    html_path(f, file);
    html_format(f, "\">%s</a>", file);
}

void run_files_links(FILE *f, const struct run_files *run, const char *const *names)
{
    const char *between = "<p class=\"note\">The data: ";
    for (; *names; names++) {
        char *path = text_format("%s/%s", run->dir, *names);
        if (access(path, F_OK) == 0) {
            fputs(between, f);
            run_files_link(f, run, *names);
            between = ", ";
        }
        free(path);
    }
    fputs(".</p>\n", f);
}

/* A picture that was drawn. */
struct drawn {
    char *text;
    char *svg;
    size_t size;
};

static void put_figure(FILE *f, const struct run_files *run, const struct run_picture *p,
                       const struct drawn *drawn)
{
    const char *text = drawn->text ? text_trim(drawn->text) : p->caption;
    fputs("<figure id=\"figure-", f);
    html_id(f, p->id);
    html_format(f,
                "\"><div class=\"picture\" tabindex=\"0\"><div role=\"img\" "
                "aria-label=\"%s\">",
                text);
    fwrite(drawn->svg, 1, drawn->size, f);
    html_format(f, "</div></div><figcaption>%s ", p->caption);
    char *data = text_format("plots/%s.tsv", p->name);
    run_files_link(f, run, data);
    fputs("</figcaption></figure>\n", f);
    free(data);
}

/* A picture for which the page has no room: its text, and where it is. */
static void put_linked(FILE *f, const struct run_files *run, const char *name,
                       const struct drawn *drawn)
{
    char *file = text_format("plots/%s.svg", name);
    fputs("<details class=\"linked\"><summary>", f);
    html_format(f, "%s</summary><p>", name);
    run_files_link(f, run, file);
    html_format(f, "</p><p>%s</p></details>\n", drawn->text ? text_trim(drawn->text) : "");
    free(file);
}

bool run_files_picture(FILE *f, const struct run_files *run, const struct run_picture *picture,
                       size_t *room)
{
    char *path = text_format("%s/plots/%s.svg", run->dir, picture->name);
    char *text_path = text_format("%s/plots/%s.txt", run->dir, picture->name);
    char *whole = text_read_file(path);
    struct drawn drawn = {.text = text_read_file(text_path)};
    drawn.svg = whole ? svg_small(whole, picture->id, &drawn.size) : NULL;
    bool there = drawn.svg != NULL;
    if (there && drawn.size <= *room) {
        put_figure(f, run, picture, &drawn);
        *room -= drawn.size;
    } else if (there) {
        put_linked(f, run, picture->name, &drawn);
    }
    free(drawn.svg);
    free(drawn.text);
    free(whole);
    free(text_path);
    free(path);
    return there;
}

void markdown_prose(FILE *f, const char *text)
{
    for (; *text; text++) {
        if (strchr("\\`*_<[", *text))
            fputc('\\', f);
        fputc(*text == '\n' ? ' ' : *text, f);
    }
}

void run_files_markdown(FILE *f, const struct run_files *run, const char *name)
{
    char *png = text_format("%s/plots/%s.png", run->dir, name);
    char *text = text_format("%s/plots/%s.txt", run->dir, name);
    char *alternative = text_first_line(text);
    if (access(png, R_OK) == 0) {
        fputs("![", f);
        markdown_prose(f, alternative ? alternative : name);
        fputs("](", f);
        html_path(f, run->href);
        fprintf(f, "plots/%s.png)\n\n", name);
    }
    free(alternative);
    free(text);
    free(png);
}
