/* Commands and configuration templates with names in braces, and commands cut into words. */
#ifndef IOM_PLACEHOLDERS_H
#define IOM_PLACEHOLDERS_H

#include <stdbool.h>
#include <stddef.h>

struct placeholder {
    const char *name; /* without braces: a-z, '_' */
    const char *value;
};

/* `text` with every "{name}" replaced by its value, and "{name+8}" by that number more where the
 * value is one. The caller frees it. A name that is not in `list` stays as it is, since braces mean
 * something in many configurations; with `strict` it is refused: NULL with one line in `error`. */
char *placeholders_expand(const char *text, const struct placeholder *list, size_t count,
                          bool strict, char *error, size_t error_size);

/* Cut a command into words at white space, as a shell does without any expansion: '...' and "..."
 * hold a word together, a backslash outside '...' takes the next character as it is. Returns an
 * array that ends with NULL, or NULL with one line in `error` where a quote is not closed or there
 * is no word. Free with words_free(). */
char **words_split(const char *text, char *error, size_t error_size);
void words_free(char **words);

#endif
