/* Small things done with text and small files. */
#ifndef IOM_TEXT_H
#define IOM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* printf into memory of the caller's own (free it); ends the program without memory. */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The whole of a file with a NUL after it, or NULL with errno set. The caller frees it. Files
 * of /proc and /sys, whose size reads as 0, are read too. */
char *text_read_file(const char *path);
/* The same, with the size: a file can hold a NUL itself. */
char *text_read_sized(const char *path, size_t *size);

/* Write `text` to `path`, replacing it. Ends the program when that fails. */
void text_write_file(const char *path, const char *text);

/* Copy a file of text; not by rename(2), for `to` may lie in another file system. False with one
 * line in `error`. */
bool text_copy_file(const char *from, const char *to, char *error, size_t error_size);

/* The first line of a file without its line break, or NULL. The caller frees it. */
char *text_first_line(const char *path);

/* The last line of `text` that is not empty, copied to `out`; "" where there is none. */
void text_last_line(const char *text, char *out, size_t out_size);

/* Remove white space at both ends, in place; returns where the text now begins. */
char *text_trim(char *text);

/* Columns that UTF-8 `text` takes on a terminal; for text without wide or combining ones. */
size_t text_width(const char *text);

/* Close a file that was written; false where any part of it could not be written. fclose(3) alone
 * tells only of its own last write. */
bool text_close(FILE *f);

/* "s" unless `n` is 1: printf("%u connection%s", n, text_s(n)). */
const char *text_s(double n);

#endif
