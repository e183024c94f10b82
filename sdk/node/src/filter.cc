#include "filter.h"

Filters::Filters(Napi::Env, Napi::Value) {}
void Filters::Set(plsm_tail_options_t &) const {}
