/* The URLs of a run, from the command line and from the files of --urls. */
#ifndef IOM_URL_LIST_H
#define IOM_URL_LIST_H

#include <stdbool.h>
#include <stdint.h>

struct options;

/* What choices among them are numbered with has 16 bits (mix.h, exchange.h). */
#define URL_LIST_MAX 65535

/* One of them. All are at one address, with one protocol; of a few hundred bytes each, for there
 * may be many. */
struct asked_url {
    char *text;   /* without the weight */
    char *host;   /* what the Host field says; the one before may have the same */
    char *target; /* path and query */
    uint32_t weight;
};

/* Append the URLs of a file, "-" for standard input, to those of the options: one a line, and
 * behind it, after blanks, its weight where that is not 1. Empty lines and what follows a '#' at
 * the beginning or after blanks are left out. The `call` of a row (common/command_line.h). Ends
 * the program with a usage error that names file and line where one cannot be taken, and with
 * exit 1 where the file cannot be read. */
bool url_list_read(void *options, const char *path);

/* Append the URLs of the command line. One that stands alone has no weight. */
void url_list_add(struct options *o, char **texts, int count);

void url_list_free(struct options *o);

#endif
