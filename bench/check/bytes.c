#include "bench/check/bytes.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "common/err.h"
#include "common/parse.h"
#include "common/random.h"

static const char blanks[] = " \t";

static bool refuse(char *error, size_t error_size, const char *what, const char *at)
{
    snprintf(error, error_size, "%s: %.60s", what, at);
    return false;
}

/* Twice the room each time: a text is added to some ten thousand times. */
static void make_room(struct bytes *b, size_t size)
{
    if (b->size + size < b->room)
        return;
    b->room = 2 * b->room > b->size + size ? 2 * b->room : b->size + size + 1;
    b->data = xrealloc(b->data, b->room);
}

void bytes_add(struct bytes *b, const char *data, size_t size)
{
    if (!b->counted) {
        make_room(b, size);
        memcpy(b->data + b->size, data, size);
        b->data[b->size + size] = '\0';
    }
    b->size += size;
}

/* One byte of a quoted text, behind the backslash; false where there is no such byte. */
static bool read_escape(const char **at, char *out)
{
    static const char letters[] = "rnt0\"\\";
    static const char values[] = "\r\n\t\0\"\\";
    const char *letter = **at ? strchr(letters, **at) : NULL;
    if (letter) {
        *out = values[letter - letters];
        *at += 1;
        return true;
    }
    unsigned value;
    if (**at != 'x' || !isxdigit((unsigned char)(*at)[1]) ||
        !isxdigit((unsigned char)(*at)[2]) || sscanf(*at + 1, "%2x", &value) != 1)
        return false;
    *out = (char)value;
    *at += 3;
    return true;
}

static bool read_quoted(const char **text, struct bytes *out, char *error, size_t error_size)
{
    const char *at = *text + 1;
    bytes_add(out, "", 0);
    while (*at != '"') {
        char byte = *at;
        if (byte == '\0')
            return refuse(error, error_size, "a quote is not closed", *text);
        at++;
        if (byte == '\\' && !read_escape(&at, &byte))
            return refuse(error, error_size, "no such byte", at - 1);
        bytes_add(out, &byte, 1);
    }
    *text = at + 1;
    return true;
}

/* The word at `*text`, which then is behind it and its blanks. */
static void read_word(const char **text, char *word, size_t word_size)
{
    size_t n = strcspn(*text, blanks);
    snprintf(word, word_size, "%.*s", (int)n, *text);
    *text += n;
    *text += strspn(*text, blanks);
}

static void add_noise(struct bytes *b, size_t size)
{
    uint64_t state = 1;
    if (!b->counted) {
        make_room(b, size);
        for (size_t i = 0; i < size; i += sizeof state) {
            uint64_t random = random_next(&state);
            memcpy(b->data + b->size + i, &random,
                   size - i < sizeof random ? size - i : sizeof random);
        }
        b->data[b->size + size] = '\0';
    }
    b->size += size;
}

static bool read_request(const char **text, struct bytes *out, char *error, size_t error_size)
{
    char path[256];
    read_word(text, path, sizeof path);
    if (path[0] != '/')
        return refuse(error, error_size, "get takes a path", path);
    char *request = text_format("GET %s HTTP/1.1\r\nHost: check\r\n\r\n", path);
    bytes_add(out, request, strlen(request));
    free(request);
    return true;
}

static bool read_times(const char **text, const char *number, struct bytes *out, char *error,
                       size_t error_size)
{
    uint64_t times;
    struct bytes once = {.counted = out->counted};
    if (!parse_u64(number, 1, BYTES_MAX, &times) || strncmp(*text, "* ", 2) != 0)
        return refuse(error, error_size, "not bytes", number);
    *text += 2;
    if (!bytes_parse_item(text, &once, error, error_size))
        return false;
    bool good = once.size * times <= BYTES_MAX;
    if (good && out->counted)
        out->size += once.size * times;
    for (uint64_t i = 0; good && !out->counted && i < times; i++)
        bytes_add(out, once.data, once.size);
    bytes_free(&once);
    return good || refuse(error, error_size, "too many bytes", number);
}

bool bytes_parse_item(const char **text, struct bytes *out, char *error, size_t error_size)
{
    char word[64];
    uint64_t size;
    bool good = true;
    *text += strspn(*text, blanks);
    if (**text == '"') {
        good = read_quoted(text, out, error, error_size);
    } else {
        read_word(text, word, sizeof word);
        if (strcmp(word, "get") == 0) {
            good = read_request(text, out, error, error_size);
        } else if (strcmp(word, "noise") == 0) {
            read_word(text, word, sizeof word);
            good = parse_size(word, 0, BYTES_MAX, &size) ||
                   refuse(error, error_size, "noise takes a size", word);
            if (good)
                add_noise(out, size);
        } else {
            good = read_times(text, word, out, error, error_size);
        }
    }
    *text += strspn(*text, blanks);
    if (!good)
        bytes_free(out);
    return good;
}

static bool parse(const char *text, struct bytes *out, char *error, size_t error_size)
{
    text += strspn(text, blanks);
    if (*text == '\0')
        return refuse(error, error_size, "no bytes", "an empty text is \"\"");
    while (*text) {
        if (!bytes_parse_item(&text, out, error, error_size))
            return false;
        if (out->size > BYTES_MAX) {
            bytes_free(out);
            return refuse(error, error_size, "too many bytes", "256M is the most");
        }
    }
    return true;
}

bool bytes_parse(const char *text, struct bytes *out, char *error, size_t error_size)
{
    *out = (struct bytes){0};
    return parse(text, out, error, error_size);
}

bool bytes_check(const char *text, char *error, size_t error_size)
{
    struct bytes none = {.counted = true};
    return parse(text, &none, error, error_size);
}

void bytes_free(struct bytes *b)
{
    free(b->data);
    *b = (struct bytes){0};
}

char *bytes_quote(const char *data, size_t size, size_t most)
{
    char *text = NULL;
    size_t text_size = 0;
    FILE *f = open_memstream(&text, &text_size);
    if (!f)
        die("no memory");
    putc('"', f);
    for (size_t i = 0; i < size && i < most; i++) {
        unsigned char c = (unsigned char)data[i];
        const char *letter = memchr("\r\n\t\"\\", c, 5);
        if (c == '\r' || c == '\n' || c == '\t')
            fprintf(f, "\\%c", c == '\r' ? 'r' : c == '\n' ? 'n' : 't');
        else if (letter)
            fprintf(f, "\\%c", c);
        else if (c >= ' ' && c < 0x7f)
            putc(c, f);
        else
            fprintf(f, "\\x%02x", c);
    }
    fputs(size > most ? "\"..." : "\"", f);
    if (fclose(f) != 0)
        die("no memory");
    return text;
}
