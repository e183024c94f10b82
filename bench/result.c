// The results of the rows and the table they make.
#include "result.h"

#include <stdarg.h>
#include <string.h>

#include "common.h"

#define MAX_FIGURES 256

struct result {
    unsigned count;
    bool not_run;
    double figures[MAX_FIGURES];
    char about[256];
};

// Shared with the processes that measure.
static struct result *results;

void results_init(void) {
    results = shared_memory(ROW_COUNT * sizeof *results);
}

void row_ratio(enum row row, double ratio) {
    struct result *result = &results[row];
    if (!(ratio > 0)) die("%s: a ratio of %f is no measurement", row_specs[row].name, ratio);
    if (result->count == MAX_FIGURES) die("%s: more than %d rounds", row_specs[row].name, MAX_FIGURES);
    result->figures[result->count++] = ratio;
}

static void keep_text(struct result *result, const char *format, va_list arguments) {
    vsnprintf(result->about, sizeof result->about, format, arguments);
}

void row_about(enum row row, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    keep_text(&results[row], format, arguments);
    va_end(arguments);
}

void row_not_run(enum row row, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    results[row].not_run = true;
    keep_text(&results[row], format, arguments);
    va_end(arguments);
}

void row_failed(enum row row) {
    results[row].count = 0;
    results[row].not_run = false;
    results[row].about[0] = 0;
}

struct summary {
    double middle, least, most;
    const char *verdict;
};

static struct summary summarise(enum row row) {
    struct result *result = &results[row];
    double sorted[MAX_FIGURES];
    memcpy(sorted, result->figures, sizeof sorted);
    struct summary summary = {.middle = median(sorted, result->count)};
    summary.least = sorted[0];
    summary.most = sorted[result->count - 1];
    const struct row_spec *spec = &row_specs[row];
    bool ok = spec->at_least ? summary.middle >= spec->bar : summary.middle <= spec->bar;
    summary.verdict = ok ? "ok" : "MISS";
    return summary;
}

bool row_print(enum row row, FILE *out) {
    const struct row_spec *spec = &row_specs[row];
    struct result *result = &results[row];
    if (result->not_run || result->count == 0) {
        fprintf(out, "%-15s %s  %s\n", spec->name, result->not_run ? "not run:" : "FAILED", result->about);
        return result->not_run;
    }
    struct summary summary = summarise(row);
    const char *unit = *spec->floor ? "x" : "";
    char floor[64] = "", range[64];
    if (*spec->floor) snprintf(floor, sizeof floor, "(%s)", spec->floor);
    snprintf(range, sizeof range, "%.2f..%.2f", summary.least, summary.most);
    fprintf(out, "%-15s median %6.2f%-1s %-36s %-12s bar %s %5.2f  %-4s  %s\n", spec->name, summary.middle, unit, floor, range,
            spec->at_least ? ">=" : "<=", spec->bar, summary.verdict, result->about);
    return true;
}

bool row_print_markdown(enum row row, FILE *out) {
    const struct row_spec *spec = &row_specs[row];
    struct result *result = &results[row];
    if (result->not_run || result->count == 0) {
        fprintf(out, "| `%s` | %s | %s | | | %s | %s |\n", spec->name, spec->path, spec->floor,
                result->not_run ? "not run" : "failed", result->about);
        return result->not_run;
    }
    struct summary summary = summarise(row);
    fprintf(out, "| `%s` | %s | %s | %.2f (%.2f to %.2f) | %s %.2f | %s | %s |\n", spec->name, spec->path, spec->floor,
            summary.middle, summary.least, summary.most, spec->at_least ? "at least" : "at most", spec->bar, summary.verdict,
            result->about);
    return true;
}
