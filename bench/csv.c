#include "csv.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/text.h"
#include "common/err.h"

/* Cut one field off `*at`, unquoting it in place. `*at` moves to the separator's successor;
 * `*end` tells whether the field was the record's last. Returns NULL for a quote that does not
 * close. */
static char *next_field(char **at, bool *last)
{
    char *from = *at;
    char *field = from;
    char *to = from;

    if (*from == '"') {
        for (from++; *from != '\0'; from++) {
            if (*from == '"' && *++from != '"')
                break;
            *to++ = *from;
        }
        if (*from != ',' && *from != '\n')
            return NULL;
    } else {
        while (*from != ',' && *from != '\n' && *from != '\0')
            *to++ = *from++;
    }
    *last = *from != ',';
    *at = *from ? from + 1 : from;
    *to = '\0';
    return field;
}

static bool read_record(char **at, char **fields, size_t max, size_t *count)
{
    bool last = false;
    for (*count = 0; !last; (*count)++) {
        char *field = next_field(at, &last);
        if (!field || *count == max)
            return false;
        fields[*count] = field;
    }
    return true;
}

enum { COLUMNS_MAX = 256 };

bool csv_read(const char *path, struct csv *out, char *error, size_t error_size)
{
    *out = (struct csv){0};
    out->text = text_read_file(path);
    if (!out->text) {
        snprintf(error, error_size, "cannot read %s: %s", path, strerror(errno));
        return false;
    }
    char *end = strrchr(out->text, '\n');
    if (!end) {
        snprintf(error, error_size, "%s has no header line", path);
        csv_free(out);
        return false;
    }
    end[1] = '\0';

    char *fields[COLUMNS_MAX];
    char *at = out->text;
    bool good = read_record(&at, fields, COLUMNS_MAX, &out->columns);
    out->header = xcalloc(out->columns, sizeof *out->header);
    for (size_t i = 0; i < out->columns; i++)
        out->header[i] = fields[i];

    size_t room = 0;
    while (good && *at != '\0') {
        size_t n;
        good = read_record(&at, fields, COLUMNS_MAX, &n) && n == out->columns;
        if (!good)
            break;
        if (out->rows == room) {
            room = room ? room * 2 : 64;
            out->cells = xrealloc(out->cells, room * out->columns * sizeof *out->cells);
        }
        memcpy(out->cells + out->rows++ * out->columns, fields, n * sizeof *fields);
    }
    if (!good) {
        snprintf(error, error_size, "%s: record %zu does not fit the header", path,
                 out->rows + 1);
        csv_free(out);
    }
    return good;
}

void csv_free(struct csv *c)
{
    free(c->cells);
    free(c->header);
    free(c->text);
    *c = (struct csv){0};
}

int csv_column(const struct csv *c, const char *name)
{
    for (size_t i = 0; i < c->columns; i++)
        if (strcmp(c->header[i], name) == 0)
            return (int)i;
    return -1;
}

const char *csv_cell(const struct csv *c, size_t row, int column)
{
    return column < 0 ? "" : c->cells[row * c->columns + (size_t)column];
}

double csv_number(const struct csv *c, size_t row, int column)
{
    const char *text = csv_cell(c, row, column);
    char *end;
    double value = strtod(text, &end);
    return end == text || *end != '\0' ? NAN : value;
}

void csv_put_text(FILE *f, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, f);
        return;
    }
    fputc('"', f);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', f);
        fputc(*text == '\n' || *text == '\r' ? ' ' : *text, f);
    }
    fputc('"', f);
}

void csv_put_number(FILE *f, double value, int digits)
{
    if (!isfinite(value))
        return;
    char text[64];
    int n = snprintf(text, sizeof text, "%.*f", digits, value);
    if (digits > 0 && n > 0 && (size_t)n < sizeof text) {
        while (text[n - 1] == '0')
            n--;
        if (text[n - 1] == '.')
            n--;
        text[n] = '\0';
    }
    fputs(strcmp(text, "-0") == 0 ? "0" : text, f);
}
