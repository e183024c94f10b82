// Compiled jq predicates.
#pragma once

#include "convert.h"

class Filters {
  public:
    // `expressions` is an array of strings, or undefined.
    Filters(Napi::Env env, Napi::Value expressions);
    // Puts them into options. They live as long as this object; streams opened with them keep them.
    void Set(plsm_tail_options_t &options) const;
    bool empty() const { return pointers_.empty(); }

  private:
    std::vector<std::shared_ptr<plsm_filter_t>> filters_;
    std::vector<const plsm_filter_t *> pointers_;
};
