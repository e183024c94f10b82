#include "pool.h"

#include "batch.h"
#include "render.h"
#include "stream.h"
#include "work.h"

using Napi::CallbackInfo;

namespace {

const std::uint8_t *Start(std::string_view bytes) { return reinterpret_cast<const std::uint8_t *>(bytes.data()); }

} // namespace

plsm_append_options_t AppendOptions(const CallbackInfo &info, std::size_t first) {
    napi_env env = info.Env();
    plsm_append_options_t options = PLSM_APPEND_OPTIONS_INIT;
    options.durability = U32(env, info[first]);
    if (info.Length() <= first + 1) return options;
    options.has_timestamp = !IsNothing(env, info[first + 1]);
    if (options.has_timestamp) options.timestamp_ns = U64(env, info[first + 1]);
    options.has_lock_wait = !IsNothing(env, info[first + 2]);
    if (options.has_lock_wait) options.lock_wait_ms = U64(env, info[first + 2]);
    options.has_expect_newest = !IsNothing(env, info[first + 3]);
    if (options.has_expect_newest) options.expect_newest = U64(env, info[first + 3]);
    return options;
}

Napi::Function Pool::Define(Napi::Env env) {
    return DefineClass(env, "NativePool",
                       {
                           InstanceMethod<&Pool::Append>("append"),
                           InstanceMethod<&Pool::AppendInBackground>("appendInBackground"),
                           InstanceMethod<&Pool::AppendJson>("appendJson"),
                           InstanceMethod<&Pool::AppendJsonInBackground>("appendJsonInBackground"),
                           InstanceMethod<&Pool::AppendLite3>("appendLite3"),
                           InstanceMethod<&Pool::AppendLite3InBackground>("appendLite3InBackground"),
                           InstanceMethod<&Pool::AppendBatch>("appendBatch"),
                           InstanceMethod<&Pool::Get>("get"),
                           InstanceMethod<&Pool::GetJson>("getJson"),
                           InstanceMethod<&Pool::GetJsonInBackground>("getJsonInBackground"),
                           InstanceMethod<&Pool::GetLite3>("getLite3"),
                           InstanceMethod<&Pool::GetLite3InBackground>("getLite3InBackground"),
                           InstanceMethod<&Pool::Flush>("flush"),
                           InstanceMethod<&Pool::Info>("info"),
                           InstanceMethod<&Pool::Bounds>("bounds"),
                           InstanceMethod<&Pool::Writers>("writers"),
                           InstanceMethod<&Pool::Warnings>("warnings"),
                           InstanceMethod<&Pool::IsCurrent>("isCurrent"),
                           InstanceMethod<&Pool::Facts>("facts"),
                           InstanceMethod<&Pool::IsRemote>("isRemote"),
                           InstanceMethod<&Pool::Tail>("tail"),
                           InstanceMethod<&Pool::TailInBackground>("tailInBackground"),
                           InstanceMethod<&Pool::Close>("close"),
                       });
}

Napi::Value Pool::Make(Napi::Env env, PoolHandle handle) {
    Napi::Object object = Environment::Of(env)->pool_class.New({});
    Pool::Unwrap(object)->handle_ = std::move(handle);
    return object;
}

plsm_pool_t *Pool::Open(napi_env env) const {
    if (handle_ == nullptr) throw Napi::Error::New(env, "plasmite: the pool is closed");
    return handle_.get();
}

// (JSON text, tags or undefined, durability, time, wait, expected newest); the receipt array gets seq and time
void Pool::Append(const CallbackInfo &info) {
    Napi::Env env = info.Env();
    EnvironmentPtr &environment = *env.GetInstanceData<EnvironmentPtr>();
    plsm_pool_t *pool = Open(env);
    plsm_append_options_t options = AppendOptions(info, 2);
    Tags tags;
    tags.Read(env, info[1]);
    options.tags = tags.data();
    options.tags_len = tags.size();
    std::string_view json = TextOrBytes(env, info[0], *environment);
    plsm_receipt_t receipt;
    plsm_error_t *error = nullptr;
    if (plsm_pool_append(pool, Start(json), json.size(), &options, &receipt, &error) != 0) environment->Throw(env, error);
    environment->receipt[0] = receipt.seq;
    environment->receipt[1] = receipt.timestamp_ns;
}

// (JSON text, tags or undefined, durability); gives the stored message's bytes
Napi::Value Pool::AppendJson(const CallbackInfo &info) {
    Napi::Env env = info.Env();
    EnvironmentPtr environment = Environment::Of(env);
    plsm_pool_t *pool = Open(env);
    Tags tags(env, info[1]);
    plsm_append_options_t options = PLSM_APPEND_OPTIONS_INIT;
    options.durability = U32(env, info[2]);
    options.tags = tags.data();
    options.tags_len = tags.size();
    std::string_view json = TextOrBytes(env, info[0], *environment);
    plsm_receipt_t receipt;
    Buffer message;
    plsm_error_t *error = nullptr;
    int status = plsm_pool_append_envelope(pool, Start(json), json.size(), &options, &receipt, &message, &error);
    if (status != 0) environment->Throw(env, error);
    return Napi::Value(env, MakeBuffer(env, std::move(message)));
}

// (Lite3 document, durability); gives the seq
Napi::Value Pool::AppendLite3(const CallbackInfo &info) {
    Napi::Env env = info.Env();
    EnvironmentPtr environment = Environment::Of(env);
    plsm_pool_t *pool = Open(env);
    std::uint32_t durability = U32(env, info[1]);
    std::string_view payload = TextOrBytes(env, info[0], *environment);
    std::uint64_t seq = 0;
    plsm_error_t *error = nullptr;
    if (plsm_pool_append_lite3(pool, Start(payload), payload.size(), durability, &seq, &error) != 0) environment->Throw(env, error);
    return Napi::BigInt::New(env, seq);
}

// (in background, texts, tags, durability, time, wait, expected newest, tags of each, times of each); gives a
// BigUint64Array with seq and time of each
Napi::Value Pool::AppendBatch(const CallbackInfo &info) {
    Napi::Env env = info.Env();
    Open(env);
    bool in_background = Bool(env, info[0]);
    auto batch = std::make_shared<Batch>(env, info[1], info[2], info[7], info[8], in_background);
    batch->options = AppendOptions(info, 3);
    auto run = [pool = handle_, batch](int &, plsm_error_t **error) { return batch->Append(pool.get(), error); };
    auto finish = [batch](Napi::Env env, int &) -> Napi::Value { return batch->Receipts(env); };
    return Run<int>(env, in_background, {run, finish});
}

// (seq); gives the text of a batch of one
Napi::Value Pool::Get(const CallbackInfo &info) {
    Napi::Env env = info.Env();
    EnvironmentPtr environment = Environment::Of(env);
    plsm_message_t *found = nullptr;
    plsm_error_t *error = nullptr;
    if (plsm_pool_get_message(Open(env), U64(env, info[0]), &found, &error) != 0) environment->Throw(env, error);
    std::unique_ptr<plsm_message_t, void (*)(plsm_message_t *)> message(found, plsm_message_free);
    plsm_view_t view;
    plsm_message_view(message.get(), &view);
    std::size_t done = 0;
    napi_value text = Render(env, *environment, &view, 1, &done, &error);
    if (done == 0) environment->Throw(env, error);
    return Napi::Value(env, text);
}

// (seq)
Napi::Value Pool::GetJson(const CallbackInfo &info) {
    Napi::Env env = info.Env();
    Buffer message;
    plsm_error_t *error = nullptr;
    if (plsm_pool_get_json(Open(env), U64(env, info[0]), &message, &error) != 0) Environment::Of(env)->Throw(env, error);
    return Napi::Value(env, MakeBuffer(env, std::move(message)));
}

// (seq)
Napi::Value Pool::GetLite3(const CallbackInfo &info) {
    Napi::Env env = info.Env();
    Frame frame;
    plsm_error_t *error = nullptr;
    if (plsm_pool_get_lite3(Open(env), U64(env, info[0]), &frame, &error) != 0) Environment::Of(env)->Throw(env, error);
    Buffer payload;
    std::swap(static_cast<plsm_buf_t &>(payload), frame.payload);
    return MakeFrame(env, frame.seq, frame.timestamp_ns, frame.flags, std::move(payload));
}

// What never changes about an open pool.
Napi::Value Pool::Facts(const CallbackInfo &info) {
    Napi::Env env = info.Env();
    plsm_pool_t *pool = Open(env);
    Napi::Object facts = Napi::Object::New(env);
    const char *name = plsm_pool_name(pool);
    const char *path = plsm_pool_path(pool);
    facts.Set("name", Napi::String::New(env, name == nullptr ? "" : name));
    facts.Set("path", Napi::String::New(env, path == nullptr ? "" : path));
    facts.Set("readOnly", Napi::Boolean::New(env, plsm_pool_is_read_only(pool) != 0));
    return facts;
}

// Whether it is a server's.
Napi::Value Pool::IsRemote(const CallbackInfo &info) { return Napi::Boolean::New(info.Env(), ::IsRemote(Open(info.Env()))); }

// (options)
Napi::Value Pool::Tail(const CallbackInfo &info) {
    Open(info.Env());
    return Stream::Open(info.Env(), handle_, info[0].As<Napi::Object>());
}

void Pool::Close(const CallbackInfo &) { handle_.reset(); }
