#include "batch.h"

#include <cstring>

Batch::Batch(napi_env env, napi_value texts, napi_value tags, napi_value each_tags, napi_value each_time, bool kept) : tags_(env, tags) {
    bool many = false;
    Check(env, napi_is_array(env, texts, &many));
    if (many) {
        std::uint32_t length = 0;
        Check(env, napi_get_array_length(env, texts, &length));
        for (std::uint32_t i = 0; i < length; i++) {
            napi_value text;
            Check(env, napi_get_element(env, texts, i, &text));
            texts_.push_back(OwnedBytes(env, text));
        }
        for (const std::string &text : texts_) Add(text);
    } else {
        std::string_view lines = TextOrBytes(env, texts, *Environment::Of(env));
        if (kept) {
            lines_ = std::string(lines);
            lines = lines_;
        }
        while (true) {
            std::size_t end = lines.find('\n');
            Add(lines.substr(0, end));
            if (end == std::string_view::npos) break;
            lines.remove_prefix(end + 1);
        }
    }
    if (!IsNothing(env, each_tags)) {
        for (std::uint32_t i = 0; i < items_.size(); i++) {
            napi_value of_item;
            Check(env, napi_get_element(env, each_tags, i, &of_item));
            each_tags_.emplace_back(env, of_item);
        }
    }
    if (!IsNothing(env, each_time)) {
        for (std::uint32_t i = 0; i < items_.size(); i++) {
            napi_value time;
            Check(env, napi_get_element(env, each_time, i, &time));
            if (IsNothing(env, time)) continue;
            items_[i].has_timestamp = 1;
            items_[i].timestamp_ns = U64(env, time);
        }
    }
}

void Batch::Add(std::string_view text) {
    plsm_batch_item_t item{};
    item.data = reinterpret_cast<const std::uint8_t *>(text.data());
    item.len = text.size();
    item.encoding = PLSM_ITEM_JSON;
    items_.push_back(item);
}

int Batch::Append(plsm_pool_t *pool, plsm_error_t **error) {
    options.tags = tags_.data();
    options.tags_len = tags_.size();
    for (std::size_t i = 0; i < each_tags_.size(); i++) {
        items_[i].tags = each_tags_[i].data();
        items_[i].tags_len = each_tags_[i].size();
    }
    receipts_.resize(items_.size());
    return plsm_pool_append_batch(pool, items_.data(), items_.size(), &options, receipts_.data(), error);
}

Napi::Value Batch::Receipts(Napi::Env env) const {
    static_assert(sizeof(plsm_receipt_t) == 2 * sizeof(std::uint64_t), "a receipt is its seq and its time");
    Napi::BigUint64Array numbers = Napi::BigUint64Array::New(env, 2 * receipts_.size());
    if (!receipts_.empty()) std::memcpy(numbers.Data(), receipts_.data(), receipts_.size() * sizeof(plsm_receipt_t));
    return numbers;
}
