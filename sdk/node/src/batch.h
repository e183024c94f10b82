// Messages that are appended together.
#pragma once

#include "convert.h"

class Batch {
  public:
    // `texts` is a string with one JSON text a line (JSON.stringify never writes a line feed), or an array of strings
    // and Uint8Arrays. `each_tags` and `each_time` are arrays of the same length, or undefined. What is not `kept`
    // may point into memory that is good only until the return to JavaScript.
    Batch(napi_env env, napi_value texts, napi_value tags, napi_value each_tags, napi_value each_time, bool kept);

    int Append(plsm_pool_t *pool, plsm_error_t **error);
    Napi::Value Receipts(Napi::Env env) const;

    plsm_append_options_t options = PLSM_APPEND_OPTIONS_INIT;

  private:
    void Add(std::string_view text);

    std::string lines_;
    std::vector<std::string> texts_;
    Tags tags_;
    std::vector<Tags> each_tags_;
    std::vector<plsm_batch_item_t> items_;
    std::vector<plsm_receipt_t> receipts_;
};
