// Calls of a pool on another thread. What may take long on a pool that is here (a lock that is taken, a flush) is done so on
// request; of a server's pool, everything.
#include "pool.h"

#include "stream.h"
#include "work.h"

using Napi::CallbackInfo;

namespace {

struct Appended {
    plsm_receipt_t receipt{0, 0};
};

struct Stored {
    plsm_receipt_t receipt{0, 0};
    Buffer message;
};

const std::uint8_t *Start(const std::string &bytes) { return reinterpret_cast<const std::uint8_t *>(bytes.data()); }

Napi::Value TextOf(Napi::Env env, Buffer &text) { return Napi::Value(env, MakeString(env, reinterpret_cast<char *>(text.data), text.len)); }

} // namespace

// As append; gives a promise of [seq, time].
Napi::Value Pool::AppendInBackground(const CallbackInfo &info) {
    Napi::Env env = info.Env();
    Open(env);
    auto run = [pool = handle_, json = OwnedBytes(env, info[0]), tags = Tags(env, info[1]),
                options = AppendOptions(info, 2)](Appended &out, plsm_error_t **error) mutable {
        options.tags = tags.data();
        options.tags_len = tags.size();
        return plsm_pool_append(pool.get(), Start(json), json.size(), &options, &out.receipt, error);
    };
    auto finish = [](Napi::Env env, Appended &out) -> Napi::Value {
        Napi::Array pair = Napi::Array::New(env, 2);
        pair.Set(0u, Napi::BigInt::New(env, out.receipt.seq));
        pair.Set(1u, Napi::BigInt::New(env, out.receipt.timestamp_ns));
        return pair;
    };
    return Run<Appended>(env, true, {run, finish});
}

// As append; gives a promise of the stored message's bytes.
Napi::Value Pool::AppendJsonInBackground(const CallbackInfo &info) {
    Napi::Env env = info.Env();
    Open(env);
    auto run = [pool = handle_, json = OwnedBytes(env, info[0]), tags = Tags(env, info[1]),
                options = AppendOptions(info, 2)](Stored &out, plsm_error_t **error) mutable {
        options.tags = tags.data();
        options.tags_len = tags.size();
        return plsm_pool_append_envelope(pool.get(), Start(json), json.size(), &options, &out.receipt, &out.message, error);
    };
    auto finish = [](Napi::Env env, Stored &out) { return Napi::Value(env, MakeBuffer(env, std::move(out.message))); };
    return Run<Stored>(env, true, {run, finish});
}

// As appendLite3; gives a promise.
Napi::Value Pool::AppendLite3InBackground(const CallbackInfo &info) {
    Napi::Env env = info.Env();
    Open(env);
    auto run = [pool = handle_, payload = OwnedBytes(env, info[0]), durability = U32(env, info[1])](std::uint64_t &seq, plsm_error_t **error) {
        return plsm_pool_append_lite3(pool.get(), Start(payload), payload.size(), durability, &seq, error);
    };
    auto finish = [](Napi::Env env, std::uint64_t &seq) -> Napi::Value { return Napi::BigInt::New(env, seq); };
    return Run<std::uint64_t>(env, true, {run, finish});
}

// As getJson; gives a promise.
Napi::Value Pool::GetJsonInBackground(const CallbackInfo &info) {
    Napi::Env env = info.Env();
    Open(env);
    auto run = [pool = handle_, seq = U64(env, info[0])](Buffer &out, plsm_error_t **error) {
        return plsm_pool_get_json(pool.get(), seq, &out, error);
    };
    auto finish = [](Napi::Env env, Buffer &message) { return Napi::Value(env, MakeBuffer(env, std::move(message))); };
    return Run<Buffer>(env, true, {run, finish});
}

// As getLite3; gives a promise.
Napi::Value Pool::GetLite3InBackground(const CallbackInfo &info) {
    Napi::Env env = info.Env();
    Open(env);
    auto run = [pool = handle_, seq = U64(env, info[0])](Frame &out, plsm_error_t **error) {
        return plsm_pool_get_lite3(pool.get(), seq, &out, error);
    };
    auto finish = [](Napi::Env env, Frame &frame) {
        Buffer payload;
        std::swap(static_cast<plsm_buf_t &>(payload), frame.payload);
        return MakeFrame(env, frame.seq, frame.timestamp_ns, frame.flags, std::move(payload));
    };
    return Run<Frame>(env, true, {run, finish});
}

// As tail; gives a promise.
Napi::Value Pool::TailInBackground(const CallbackInfo &info) {
    Open(info.Env());
    return Stream::OpenInBackground(info.Env(), handle_, info[0].As<Napi::Object>());
}

// Gives a promise.
Napi::Value Pool::Flush(const CallbackInfo &info) {
    Open(info.Env());
    auto run = [pool = handle_](int &, plsm_error_t **error) { return plsm_pool_flush(pool.get(), error); };
    auto finish = [](Napi::Env env, int &) -> Napi::Value { return env.Undefined(); };
    return Run<int>(info.Env(), true, {run, finish});
}

// (in background); gives JSON text
Napi::Value Pool::Info(const CallbackInfo &info) {
    Open(info.Env());
    auto run = [pool = handle_](Buffer &json, plsm_error_t **error) { return plsm_pool_info_json(pool.get(), &json, error); };
    return Run<Buffer>(info.Env(), Bool(info.Env(), info[0]), {run, TextOf});
}

// (in background); gives [oldest, newest, count]
Napi::Value Pool::Bounds(const CallbackInfo &info) {
    Open(info.Env());
    auto run = [pool = handle_](plsm_bounds_t &bounds, plsm_error_t **error) { return plsm_pool_bounds(pool.get(), &bounds, error); };
    auto finish = [](Napi::Env env, plsm_bounds_t &bounds) -> Napi::Value {
        Napi::Array numbers = Napi::Array::New(env, 3);
        numbers.Set(0u, Napi::BigInt::New(env, bounds.oldest));
        numbers.Set(1u, Napi::BigInt::New(env, bounds.newest));
        numbers.Set(2u, Napi::BigInt::New(env, bounds.count));
        return numbers;
    };
    return Run<plsm_bounds_t>(info.Env(), Bool(info.Env(), info[0]), {run, finish});
}

// (in background)
Napi::Value Pool::Writers(const CallbackInfo &info) {
    Open(info.Env());
    auto run = [pool = handle_](std::uint32_t &writers, plsm_error_t **error) { return plsm_pool_writers(pool.get(), &writers, error); };
    auto finish = [](Napi::Env env, std::uint32_t &writers) -> Napi::Value { return Napi::Number::New(env, writers); };
    return Run<std::uint32_t>(info.Env(), Bool(info.Env(), info[0]), {run, finish});
}

// (in background); gives text, a line each
Napi::Value Pool::Warnings(const CallbackInfo &info) {
    Open(info.Env());
    auto run = [pool = handle_](Buffer &text, plsm_error_t **error) { return plsm_pool_warnings(pool.get(), &text, error); };
    return Run<Buffer>(info.Env(), Bool(info.Env(), info[0]), {run, TextOf});
}

// (in background)
Napi::Value Pool::IsCurrent(const CallbackInfo &info) {
    Open(info.Env());
    auto run = [pool = handle_](int &current, plsm_error_t **error) { return current = plsm_pool_is_current(pool.get(), error); };
    auto finish = [](Napi::Env env, int &current) -> Napi::Value { return Napi::Boolean::New(env, current == 1); };
    return Run<int>(info.Env(), Bool(info.Env(), info[0]), {run, finish});
}
