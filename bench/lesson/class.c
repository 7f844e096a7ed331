#include "bench/lesson/class.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/json_get.h"
#include "bench/base/name.h"
#include "bench/base/text.h"
#include "common/err.h"

static const char ending[] = ".json";

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *variables_json(const struct lesson *l)
{
    json_t *json = json_object();
    for (size_t i = 0; i < l->variable_count; i++)
        json_object_set_new(
            json, l->variables[i].name,
            json_checked(json_string(l->variables[i].values[l->choice]), "a variable"));
    return json;
}

static json_t *claims_json(const struct lesson_result_of *r)
{
    const struct lesson *l = r->lesson;
    json_t *list = json_array();
    for (size_t i = 0; i < l->claim.count; i++) {
        struct lesson_claim c;
        char why[200];
        if (!lesson_claim_parse(&c, l, l->claim.at[i].text, why, sizeof why))
            continue;
        struct lesson_value v = lesson_value(&r->measured->windows, &c.of);
        json_array_append_new(
            list, json_checked(
                      json_pack("{s:s, s:s, s:o, s:o, s:o}", "claim", l->claim.at[i].text,
                                "verdict", lesson_verdict_names[lesson_judge(&c, &v)], "value",
                                number(v.middle), "low", number(v.low), "high", number(v.high)),
                      "a claim"));
    }
    return list;
}

json_t *lesson_result_json(const struct lesson_result_of *r)
{
    const struct lesson *l = r->lesson;
    char seed[24];
    /* As a text: a 64-bit number is more than many readers of JSON can hold. */
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)r->seed);
    return json_checked(
        json_pack("{s:i, s:s, s:s, s:o, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:i, s:i, s:s, s:i, "
                  "s:i, s:i, s:f, s:o}",
                  "lesson", (int)l->number, "name", l->name, "seed", seed, "variables",
                  variables_json(l), "question", l->question.text, "asked", l->answer.text,
                  "unit", lesson_unit(&r->answer), "prediction", number(r->prediction),
                  "measured", number(r->value.middle), "low", number(r->value.low), "high",
                  number(r->value.high), "rounds", (int)r->value.rounds, "near_percent",
                  (int)l->near, "mark", lesson_mark_names[r->mark], "points",
                  (int)lesson_points(r->mark), "of",
                  r->mark == LESSON_UNTOLD ? 0 : LESSON_POINTS, "doubted_windows",
                  (int)r->measured->doubted, "seconds", r->measured->seconds, "claims",
                  claims_json(r)),
        "a result");
}

bool class_name_is_good(const char *name)
{
    return name_is_good(name) && name[0] != '.';
}

/* Whether `json` is what the file of `name` holds. */
static bool is_of(const json_t *json, const char *name)
{
    return strcmp(json_text(json, "participant", ""), name) == 0 &&
           json_is_array(json_object_get(json, "lessons"));
}

/* The file of a participant as it is, or a new one. NULL with one line in `error`. */
static json_t *load(const char *path, const char *name, char *error, size_t error_size)
{
    json_error_t why;
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return json_checked(
            json_pack("{s:i, s:s, s:[]}", "version", 1, "participant", name, "lessons"),
            "the name of a participant");
    json_t *json = json_load_file(path, 0, &why);
    if (json && is_of(json, name))
        return json;
    snprintf(error, error_size, "%s: not a file of results of %s%s%s", path, name,
             json ? "" : ": ", json ? "" : why.text);
    json_decref(json);
    return NULL;
}

static void put_result(json_t *lessons, json_t *result)
{
    double lesson = json_number(result, NULL, "lesson");
    for (size_t i = json_array_size(lessons); i-- > 0;)
        if (json_number(json_array_get(lessons, i), NULL, "lesson") == lesson)
            json_array_remove(lessons, i);
    json_array_append(lessons, result);
}

/* Beside it first: whoever reads the directory meanwhile sees the old file or the new one. */
static bool save(const char *path, const json_t *json, char *error, size_t error_size)
{
    char *beside = text_format("%s.%ld.new", path, (long)getpid());
    FILE *f = fopen(beside, "we");
    bool good = f != NULL;
    if (good) {
        json_dumpf(json, f, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
        fputc('\n', f);
        good = text_close(f) && rename(beside, path) == 0;
    }
    if (!good) {
        snprintf(error, error_size, "cannot write %s: %s", path, strerror(errno));
        unlink(beside);
    }
    free(beside);
    return good;
}

bool class_add(const char *dir, const char *name, json_t *result, char *error,
               size_t error_size)
{
    if (mkdir(dir, 0777) != 0 && errno != EEXIST) {
        snprintf(error, error_size, "cannot make %s: %s", dir, strerror(errno));
        return false;
    }
    char *path = text_format("%s/%s%s", dir, name, ending);
    json_t *json = load(path, name, error, error_size);
    bool good = json != NULL;
    if (good) {
        put_result(json_object_get(json, "lessons"), result);
        good = save(path, json, error, error_size);
    }
    json_decref(json);
    free(path);
    return good;
}

static bool find_mark(const char *name, enum lesson_mark *out)
{
    for (int i = 0; i < LESSON_MARKS; i++) {
        if (strcmp(lesson_mark_names[i], name) != 0)
            continue;
        *out = (enum lesson_mark)i;
        return true;
    }
    return false;
}

/* Somebody else wrote the file, and what it says goes to a terminal: nothing is taken over that a
 * lesson could not have. */
static bool add_result(struct class_list *list, const char *who, const json_t *json)
{
    struct class_result r = {.prediction = json_number(json, NULL, "prediction"),
                             .middle = json_number(json, NULL, "measured"),
                             .low = json_number(json, NULL, "low"),
                             .high = json_number(json, NULL, "high")};
    double lesson = json_number(json, NULL, "lesson");
    double near = json_number(json, NULL, "near_percent");
    const char *name = json_text(json, "name", ""), *unit = json_text(json, "unit", "");
    if (!(lesson >= 1 && lesson <= 99) || !(near >= 0 && near <= 100) || isnan(r.prediction) ||
        !find_mark(json_text(json, "mark", ""), &r.mark) || !lesson_name_is_good(name) ||
        !lesson_unit_is_known(unit))
        return false;
    r.lesson = (unsigned)lesson;
    r.near = (unsigned)near;
    r.who = xstrdup(who);
    r.lesson_name = xstrdup(name);
    r.unit = xstrdup(unit);
    list->at = xrealloc(list->at, (list->count + 1) * sizeof *list->at);
    list->at[list->count++] = r;
    return true;
}

/* One line in `error` where it is no file of results of `who`. */
static bool read_file(struct class_list *list, const char *path, const char *who, char *error,
                      size_t error_size)
{
    json_error_t why;
    json_t *json = json_load_file(path, 0, &why);
    const json_t *lessons = json_object_get(json, "lessons");
    size_t before = list->count;
    bool good = json && is_of(json, who);
    for (size_t i = 0; good && i < json_array_size(lessons); i++)
        good = add_result(list, who, json_array_get(lessons, i));
    if (!good)
        snprintf(error, error_size, "%s: not a file of results of %s%s%s", path, who,
                 json ? "" : ": ", json ? "" : why.text);
    while (!good && list->count > before) {
        struct class_result *r = &list->at[--list->count];
        free(r->who);
        free(r->lesson_name);
        free(r->unit);
    }
    json_decref(json);
    return good;
}

static int by_lesson(const void *a, const void *b)
{
    const struct class_result *x = a, *y = b;
    return x->lesson != y->lesson ? (x->lesson > y->lesson) - (x->lesson < y->lesson)
                                  : strcmp(x->who, y->who);
}

static int is_result(const struct dirent *d)
{
    size_t n = strlen(d->d_name), m = sizeof ending - 1;
    return d->d_name[0] != '.' && n > m && strcmp(d->d_name + n - m, ending) == 0;
}

/* The file `file` of the directory `dir`, whose name is that of a participant. */
static bool read_participant(struct class_list *list, const char *dir, const char *file,
                             char *error, size_t error_size)
{
    char *path = text_format("%s/%s", dir, file);
    char *who = text_format("%.*s", (int)(strlen(file) - (sizeof ending - 1)), file);
    bool good = class_name_is_good(who);
    if (good)
        good = read_file(list, path, who, error, error_size);
    else
        snprintf(error, error_size, "%s: a file has a name that is none of a participant", dir);
    free(who);
    free(path);
    return good;
}

bool class_read(struct class_list *list, const char *dir, void (*bad_file)(const char *why),
                char *error, size_t error_size)
{
    struct dirent **names;
    char why[600];
    *list = (struct class_list){0};
    int count = scandir(dir, &names, is_result, alphasort);
    if (count < 0) {
        snprintf(error, error_size, "cannot read %s: %s", dir, strerror(errno));
        return false;
    }
    for (int i = 0; i < count; i++) {
        if (!read_participant(list, dir, names[i]->d_name, why, sizeof why)) {
            list->bad++;
            bad_file(why);
        }
        free(names[i]);
    }
    free(names);
    if (list->count > 0)
        qsort(list->at, list->count, sizeof *list->at, by_lesson);
    return true;
}

void class_free(struct class_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->at[i].who);
        free(list->at[i].lesson_name);
        free(list->at[i].unit);
    }
    free(list->at);
    *list = (struct class_list){0};
}
