// Compiled jq predicates.
#pragma once

#include "convert.h"

class Filters {
  public:
    // `expressions` is an array of strings, or undefined.
    Filters(Napi::Env env, Napi::Value expressions);
    // Puts them into options, which keep them only until they are used.
    void Set(plsm_tail_options_t &options) const;
};
