/* The files of a run on a page: links to them, and its pictures. */
#ifndef IOM_RUN_FILES_H
#define IOM_RUN_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct run_files {
    const char *dir;  /* of the run */
    const char *href; /* where that is, as an address from the page: "" or "idle/" */
};

/* A link to the file of that name. */
void run_files_link(FILE *f, const struct run_files *run, const char *file);

/* A line of links to those of `names`, which end with NULL, that are there. */
void run_files_links(FILE *f, const struct run_files *run, const char *const *names);

struct run_picture {
    const char *name;    /* DIR/plots/NAME.svg, drawn by gnuplot, with its text (caption.h) */
    const char *id;      /* of no other picture on the page */
    const char *caption; /* how to read it */
};

/* The picture, or a link and its text where it has more bytes than `*room`, which becomes less by
 * what it takes. False where it was not drawn. */
bool run_files_picture(FILE *f, const struct run_files *run, const struct run_picture *picture,
                       size_t *room);

/* In Markdown: the picture plots/NAME.png, where it was drawn. */
void run_files_markdown(FILE *f, const struct run_files *run, const char *name);

/* A line of prose in Markdown: what that or HTML would take for a mark is written as it is. */
void markdown_prose(FILE *f, const char *text);

#endif
