#include "filter.h"

Filters::Filters(Napi::Env env, Napi::Value expressions) {
    Tags texts(env, expressions);
    const plsm_bytes_t *bytes = texts.data();
    for (std::size_t i = 0; i < texts.size(); i++) {
        plsm_filter_t *filter = nullptr;
        plsm_error_t *error = nullptr;
        if (plsm_filter_new(reinterpret_cast<const char *>(bytes[i].data), bytes[i].len, nullptr, &filter, &error) != 0) {
            Environment::Of(env)->Throw(env, error);
        }
        filters_.emplace_back(filter, plsm_filter_free);
        pointers_.push_back(filter);
    }
}

void Filters::Set(plsm_tail_options_t &options) const {
    options.filters = pointers_.data();
    options.filters_len = pointers_.size();
}
