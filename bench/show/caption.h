/* What stands beside a picture: the finding, which is its title, the conditions, and the text for
 * whoever does not see the picture. */
#ifndef IOM_CAPTION_H
#define IOM_CAPTION_H

struct caption {
    char *finding;    /* one sentence without a full stop, made of the data */
    char *conditions; /* machine, CPUs, windows, date */
    char *note;       /* how to read a mark, what is left out; "" */
    char *figures;    /* what the picture shows, in words and figures */
};

/* Assignments of gnuplot: title, conditions and note, in lines that fit. The caller frees them. */
char *caption_set(const struct caption *c);

/* Write the text alternative, four lines, to `path`: finding, conditions, note, figures. */
void caption_write(const struct caption *c, const char *path);
void caption_free(struct caption *c);

#endif
