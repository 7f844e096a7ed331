#include "bench/base/placeholders.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "common/err.h"
#include "common/parse.h"

/* Length of "{name}" or "{name+12}" at `at`, 0 where there is none. */
static size_t braced(const char *at, size_t *name_size, uint64_t *more)
{
    *more = 0;
    if (at[0] != '{')
        return 0;
    size_t n = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz_");
    const char *end = at + 1 + n;
    *name_size = n;
    if (n > 0 && *end == '+') {
        size_t digits = strspn(end + 1, "0123456789");
        char number[16];
        snprintf(number, sizeof number, "%.*s", (int)digits, end + 1);
        if (digits >= sizeof number || !parse_u64(number, 0, 1000000, more))
            return 0;
        end += 1 + digits;
    }
    return n > 0 && *end == '}' ? (size_t)(end + 1 - at) : 0;
}

static const char *find(const struct placeholder *list, size_t count, const char *name,
                        size_t size)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(list[i].name) == size && memcmp(list[i].name, name, size) == 0)
            return list[i].value;
    return NULL;
}

char *placeholders_expand(const char *text, const struct placeholder *list, size_t count,
                          bool strict, char *error, size_t error_size)
{
    char *out;
    size_t size;
    FILE *f = open_memstream(&out, &size);
    if (!f)
        die_errno("cannot write to memory");
    bool good = true;
    while (good && *text) {
        size_t name_size;
        uint64_t more;
        uint64_t number;
        size_t n = braced(text, &name_size, &more);
        const char *value = n ? find(list, count, text + 1, name_size) : NULL;
        bool sum = n > name_size + 2;
        if (value && sum && parse_u64(value, 0, UINT32_MAX, &number)) {
            fprintf(f, "%llu", (unsigned long long)(number + more));
        } else if (value && !sum) {
            fputs(value, f);
        } else if (n && strict) {
            good = false;
            snprintf(error, error_size, "'%.*s' stands for nothing here", (int)n, text);
        } else {
            n = 1;
            fputc(*text, f);
        }
        text += n;
    }
    fclose(f);
    if (!good) {
        free(out);
        return NULL;
    }
    return out;
}

/* Copy one word to `to`; returns where it ends, or NULL where a quote is not closed. */
static const char *read_word(const char *from, char *to)
{
    char quote = '\0';
    for (; *from && (quote || !isspace((unsigned char)*from)); from++) {
        if (quote ? *from == quote : *from == '\'' || *from == '"')
            quote = quote ? '\0' : *from;
        else if (*from == '\\' && quote != '\'' && from[1])
            *to++ = *++from;
        else
            *to++ = *from;
    }
    *to = '\0';
    return quote ? NULL : from;
}

char **words_split(const char *text, char *error, size_t error_size)
{
    char **words = xcalloc(1, sizeof *words);
    size_t count = 0;
    const char *at = text + strspn(text, " \t\n");
    while (*at) {
        char *word = xmalloc(strlen(at) + 1);
        at = read_word(at, word);
        words = xrealloc(words, (count + 2) * sizeof *words);
        words[count++] = word;
        words[count] = NULL;
        if (!at) {
            snprintf(error, error_size, "a quote is not closed in: %s", text);
            words_free(words);
            return NULL;
        }
        at += strspn(at, " \t\n");
    }
    if (count == 0) {
        snprintf(error, error_size, "the command is empty");
        words_free(words);
        return NULL;
    }
    return words;
}

void words_free(char **words)
{
    for (size_t i = 0; words && words[i]; i++)
        free(words[i]);
    free(words);
}
