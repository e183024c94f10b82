// values.h: references and patterns, as format.md has them in its sections 3 and 4.
#ifndef CONFORMANCE_VALUES_H
#define CONFORMANCE_VALUES_H

#include "json.h"

// The value with every reference and joined text replaced. On a failure NULL, and `wrong` tells why.
json_t *replaced(const json_t *value, const json_t *captures, char **wrong);
// An integer, also one that is written {"$json": digits}.
bool integer(const json_t *value, uint64_t *out);
// NULL when a step's result, or its error, is one of the expected outcomes; else what is wrong. Version 0 has no matchers.
char *outcome_mismatch(const json_t *expect, const json_t *result, const json_t *error, bool matchers);
#endif
