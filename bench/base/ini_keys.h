/* .ini files of known keys, read by a table of them: scenarios and servers of others. */
#ifndef IOM_INI_KEYS_H
#define IOM_INI_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/base/ini_text.h"

struct ini_reader;

/* Put `value` where the key's row says; false after ini_bad(). */
typedef bool ini_setter(struct ini_reader *r, void *slot, const char *value);

struct ini_key {
    const char *section; /* one that ends with ':' stands for [SECTION:ANY NAME] */
    const char *name;    /* NULL: any */
    ini_setter *set;
    size_t at;    /* of the slot in what is filled, or in the part of a [SECTION:NAME] */
    uint64_t low; /* of a number, a size, a time in nanoseconds */
    uint64_t high;
    bool goes_on;    /* may go on in a line that begins with a blank */
    bool repeats;    /* may stand more than once; any other key stands once */
    const char *old; /* its old name, which still works; NULL: none */
};

struct ini_format {
    const struct ini_key *keys;
    size_t count;
    const char *sections;                /* "[a], [b]", for a message */
    void *(*part)(struct ini_reader *r); /* what a [SECTION:NAME] fills; NULL after ini_bad() */
    const char *old_section; /* the name of before of the first key's section; NULL: none */
};

/* A reading under way. */
struct ini_reader {
    const struct ini_format *format;
    void *into;
    const char *file;
    const char *section; /* of the key that is set now */
    const char *name;
    const struct ini_key *key;
    struct ini_place place; /* of its value */
    /* "\n[SECTION]KEY\n...": the keys that have their value; "\n[]OLD\n": the old names told of */
    char *seen;
    bool failed;
    char message[512]; /* what was wrong on the first bad line */
};

/* Set what the keys in `text`, the content of `file`, say in `into`. Returns false with one line in
 * `error`, "FILE:LINE: what is wrong". */
bool ini_read(const struct ini_format *format, const char *file, const char *text, void *into,
              char *error, size_t error_size);

/* Refuse the line; returns false. */
bool ini_bad(struct ini_reader *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What slots can be. */
ini_setter ini_text;      /* char *: allocated; a line that goes on is added after a space */
ini_setter ini_number;    /* unsigned */
ini_setter ini_size;      /* uint64_t: "64", "16K" */
ini_setter ini_time;      /* uint64_t, nanoseconds: "250ms" */
ini_setter ini_protocols; /* bool[PROTOCOL_COUNT]: "http, echo" */

/* Call `each` for every item of a comma-separated list; false where one is refused or the list is
 * empty. */
bool ini_items(const char *value, bool (*each)(void *, const char *), void *arg);

#endif
