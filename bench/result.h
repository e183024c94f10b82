// The results of the rows and the table they make.
#ifndef PLASMITE_BENCH_RESULT_H
#define PLASMITE_BENCH_RESULT_H

#include <stdio.h>

#include "rows.h"

// Call once, before the processes that measure are started.
void results_init(void);

// One round's figure: path divided by floor, or the plain figure of a row without a floor.
void row_ratio(enum row row, double ratio);
// A few words on the absolute speed and what was checked; replaces earlier ones.
void row_about(enum row row, const char *format, ...) __attribute__((format(printf, 2, 3)));
// The row cannot be measured here, and why.
void row_not_run(enum row row, const char *format, ...) __attribute__((format(printf, 2, 3)));

// The bench broke off: what it had measured until then is void.
void row_failed(enum row row);

// One line of the table; false when the row has neither figures nor a reason for their absence.
bool row_print(enum row row, FILE *out);
bool row_print_markdown(enum row row, FILE *out);

#endif
