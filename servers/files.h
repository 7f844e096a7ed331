/* The files below --root, read once at start and served from memory: no path in a request can
 * reach anything else, and no model waits for a disk. */
#ifndef IOM_FILES_H
#define IOM_FILES_H

#include <stddef.h>
#include <stdint.h>

struct file {
    char *path; /* as in a URL after decoding: begins with '/' */
    uint8_t *data;
    size_t length;
    const char *type; /* media type */
};

struct files;

/* Read every regular file below `directory`. Symbolic links are not followed. Ends the program
 * with one line where something cannot be read. */
struct files *files_read(const char *directory);

/* The file at `path` (decoded, `length` bytes, no terminator), or for a path that ends in '/'
 * its index.html; NULL for none. */
const struct file *files_find(const struct files *f, const char *path, size_t length);

void files_free(struct files *f);

#endif
