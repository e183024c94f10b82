#include "client.h"

#include "doctor.h"
#include "pool.h"
#include "stream.h"
#include "work.h"

#include <array>

namespace {

using Napi::CallbackInfo;

struct Opened {
    PoolHandle pool;
    std::uint32_t created = 0;
};

struct Migrated {
    plsm_migrated_t facts = PLSM_MIGRATED_INIT;
    Buffer backup;
};

struct Salvaged {
    plsm_salvaged_t facts = PLSM_SALVAGED_INIT;
    std::array<plsm_gap_t, 256> lost{}; // the library tells no more one by one
};

// Arguments from `first` on: size, index capacity or undefined, file mode.
plsm_pool_options_t PoolOptions(const CallbackInfo &info, std::size_t first) {
    napi_env env = info.Env();
    plsm_pool_options_t options = PLSM_POOL_OPTIONS_INIT;
    options.size_bytes = U64(env, info[first]);
    options.has_index_capacity = !IsNothing(env, info[first + 1]);
    if (options.has_index_capacity) options.index_capacity = U32(env, info[first + 1]);
    options.file_mode = U32(env, info[first + 2]);
    return options;
}

Napi::Value PoolOf(Napi::Env env, Opened &opened) { return Pool::Make(env, std::move(opened.pool)); }

void SetBounds(Napi::Env env, Napi::Object facts, const plsm_bounds_t &bounds) {
    facts.Set("oldest", Napi::BigInt::New(env, bounds.oldest));
    facts.Set("newest", Napi::BigInt::New(env, bounds.newest));
    facts.Set("count", Napi::BigInt::New(env, bounds.count));
}

PoolHandle Own(plsm_pool_t *pool) { return PoolHandle(pool, plsm_pool_free); }

} // namespace

Napi::Function Client::Define(Napi::Env env) {
    return DefineClass(env, "NativeClient",
                       {
                           InstanceMethod<&Client::PoolDir>("poolDir"),
                           InstanceMethod<&Client::Resolve>("resolve"),
                           InstanceMethod<&Client::Exists>("exists"),
                           InstanceMethod<&Client::Create>("create"),
                           InstanceMethod<&Client::Ensure>("ensure"),
                           InstanceMethod<&Client::Open>("open"),
                           InstanceMethod<&Client::Delete>("delete"),
                           InstanceMethod<&Client::List>("list"),
                           InstanceMethod<&Client::Migrate>("migrate"),
                           InstanceMethod<&Client::Salvage>("salvage"),
                           InstanceMethod<&Client::Doctor>("doctor"),
                       });
}

// (directory, token, file with the token, file with certificates, flags, ms a request may take); all may be undefined
Client::Client(const CallbackInfo &info) : Napi::ObjectWrap<Client>(info) {
    Napi::Env env = info.Env();
    plsm_client_t *client = nullptr;
    plsm_error_t *error = nullptr;
    std::string texts[4];
    const char *given[4];
    for (std::size_t i = 0; i < 4; i++) {
        bool is_there = !IsNothing(env, info[i]);
        if (is_there) texts[i] = Text(env, info[i]);
        given[i] = is_there ? texts[i].c_str() : nullptr;
    }
    plsm_client_options_t options = PLSM_CLIENT_OPTIONS_INIT;
    options.pool_dir = given[0];
    options.token = given[1];
    options.token_file = given[2];
    options.tls_ca_file = given[3];
    if (!IsNothing(env, info[4])) options.flags = U32(env, info[4]);
    if (!IsNothing(env, info[5])) options.request_timeout_ms = U64(env, info[5]);
    if (plsm_client_new_with(&options, &client, &error) != 0) Environment::Of(env)->Throw(env, error);
    handle_ = ClientHandle(client, plsm_client_free);
}

Napi::Value Client::PoolDir(const CallbackInfo &info) {
    Buffer path;
    plsm_error_t *error = nullptr;
    if (plsm_client_pool_dir(handle_.get(), &path, &error) != 0) Environment::Of(info.Env())->Throw(info.Env(), error);
    return Napi::Value(info.Env(), MakeString(info.Env(), reinterpret_cast<char *>(path.data), path.len));
}

// (reference)
Napi::Value Client::Resolve(const CallbackInfo &info) {
    Buffer path;
    plsm_error_t *error = nullptr;
    std::string reference = Text(info.Env(), info[0]);
    if (plsm_pool_resolve(handle_.get(), reference.c_str(), &path, &error) != 0) Environment::Of(info.Env())->Throw(info.Env(), error);
    return Napi::Value(info.Env(), MakeString(info.Env(), reinterpret_cast<char *>(path.data), path.len));
}

// (in background, reference)
Napi::Value Client::Exists(const CallbackInfo &info) {
    auto run = [client = handle_, reference = Text(info.Env(), info[1])](int &exists, plsm_error_t **error) {
        return exists = plsm_pool_exists(client.get(), reference.c_str(), error);
    };
    auto finish = [](Napi::Env env, int &exists) -> Napi::Value { return Napi::Boolean::New(env, exists == 1); };
    return Run<int>(info.Env(), Bool(info.Env(), info[0]), {run, finish});
}

// (in background, reference, size, index capacity, file mode)
Napi::Value Client::Create(const CallbackInfo &info) {
    auto run = [client = handle_, reference = Text(info.Env(), info[1]), options = PoolOptions(info, 2)](Opened &out, plsm_error_t **error) {
        plsm_pool_t *pool = nullptr;
        int status = plsm_pool_create_with(client.get(), reference.c_str(), &options, &pool, error);
        if (status == 0) out.pool = Own(pool);
        return status;
    };
    return Run<Opened>(info.Env(), Bool(info.Env(), info[0]), {run, PoolOf});
}

// (in background, reference, size, index capacity, file mode); gives [pool, created]
Napi::Value Client::Ensure(const CallbackInfo &info) {
    auto run = [client = handle_, reference = Text(info.Env(), info[1]), options = PoolOptions(info, 2)](Opened &out, plsm_error_t **error) {
        plsm_pool_t *pool = nullptr;
        int status = plsm_pool_ensure(client.get(), reference.c_str(), &options, &pool, &out.created, error);
        if (status == 0) out.pool = Own(pool);
        return status;
    };
    auto finish = [](Napi::Env env, Opened &opened) -> Napi::Value {
        Napi::Array pair = Napi::Array::New(env, 2);
        pair.Set(0u, PoolOf(env, opened));
        pair.Set(1u, Napi::Boolean::New(env, opened.created != 0));
        return pair;
    };
    return Run<Opened>(info.Env(), Bool(info.Env(), info[0]), {run, finish});
}

// (in background, reference, read only)
Napi::Value Client::Open(const CallbackInfo &info) {
    plsm_open_options_t options = PLSM_OPEN_OPTIONS_INIT;
    if (Bool(info.Env(), info[2])) options.flags = PLSM_OPEN_READ_ONLY;
    auto run = [client = handle_, reference = Text(info.Env(), info[1]), options](Opened &out, plsm_error_t **error) {
        plsm_pool_t *pool = nullptr;
        int status = plsm_pool_open_with(client.get(), reference.c_str(), &options, &pool, error);
        if (status == 0) out.pool = Own(pool);
        return status;
    };
    return Run<Opened>(info.Env(), Bool(info.Env(), info[0]), {run, PoolOf});
}

// (in background, reference)
Napi::Value Client::Delete(const CallbackInfo &info) {
    auto run = [client = handle_, reference = Text(info.Env(), info[1])](int &, plsm_error_t **error) {
        return plsm_pool_delete(client.get(), reference.c_str(), error);
    };
    auto finish = [](Napi::Env env, int &) -> Napi::Value { return env.Undefined(); };
    return Run<int>(info.Env(), Bool(info.Env(), info[0]), {run, finish});
}

// (in background); gives JSON text
Napi::Value Client::List(const CallbackInfo &info) {
    auto run = [client = handle_](Buffer &json, plsm_error_t **error) { return plsm_pool_list_json(client.get(), &json, error); };
    auto finish = [](Napi::Env env, Buffer &json) {
        return Napi::Value(env, MakeString(env, reinterpret_cast<char *>(json.data), json.len));
    };
    return Run<Buffer>(info.Env(), Bool(info.Env(), info[0]), {run, finish});
}

// (in background, reference, new reference or undefined, size, index capacity, file mode)
Napi::Value Client::Migrate(const CallbackInfo &info) {
    bool in_place = IsNothing(info.Env(), info[2]);
    auto run = [client = handle_, reference = Text(info.Env(), info[1]), in_place,
                target = in_place ? std::string() : Text(info.Env(), info[2]), options = PoolOptions(info, 3)](Migrated &out, plsm_error_t **error) {
        return plsm_pool_migrate(client.get(), reference.c_str(), in_place ? nullptr : target.c_str(), &options, &out.facts, &out.backup, error);
    };
    auto finish = [](Napi::Env env, Migrated &out) -> Napi::Value {
        Napi::Object facts = Napi::Object::New(env);
        SetBounds(env, facts, out.facts.bounds);
        facts.Set("oldSize", Napi::BigInt::New(env, out.facts.old_size));
        facts.Set("size", Napi::BigInt::New(env, out.facts.size));
        facts.Set("timesUnordered", Napi::Boolean::New(env, out.facts.times_unordered != 0));
        if (out.backup.len != 0) facts.Set("backup", Napi::Value(env, MakeString(env, reinterpret_cast<char *>(out.backup.data), out.backup.len)));
        return facts;
    };
    return Run<Migrated>(info.Env(), Bool(info.Env(), info[0]), {run, finish});
}

// (in background, reference, new reference, size, index capacity, file mode)
Napi::Value Client::Salvage(const CallbackInfo &info) {
    auto run = [client = handle_, reference = Text(info.Env(), info[1]), target = Text(info.Env(), info[2]),
                options = PoolOptions(info, 3)](Salvaged &out, plsm_error_t **error) {
        return plsm_pool_salvage(client.get(), reference.c_str(), target.c_str(), &options, &out.facts, out.lost.data(), out.lost.size(), error);
    };
    auto finish = [](Napi::Env env, Salvaged &out) -> Napi::Value {
        Napi::Object facts = Napi::Object::New(env);
        SetBounds(env, facts, out.facts.bounds);
        facts.Set("lost", Napi::BigInt::New(env, out.facts.lost));
        facts.Set("lostRanges", Napi::BigInt::New(env, out.facts.lost_ranges));
        Napi::Array ranges = Napi::Array::New(env);
        for (const plsm_gap_t &gap : out.lost) {
            if (gap.count != 0) ranges.Set(ranges.Length(), MakeGap(env, gap));
        }
        facts.Set("ranges", ranges);
        facts.Set("size", Napi::BigInt::New(env, out.facts.size));
        return facts;
    };
    return Run<Salvaged>(info.Env(), Bool(info.Env(), info[0]), {run, finish});
}

// (in background, reference or undefined)
Napi::Value Client::Doctor(const CallbackInfo &info) {
    bool all = IsNothing(info.Env(), info[1]);
    auto run = [client = handle_, all, reference = all ? std::string() : Text(info.Env(), info[1])](DoctorHandle &out, plsm_error_t **error) {
        plsm_doctor_t *doctor = nullptr;
        int status = plsm_doctor_open(client.get(), all ? nullptr : reference.c_str(), &doctor, error);
        if (status == 0) out = DoctorHandle(doctor, plsm_doctor_free);
        return status;
    };
    auto finish = [](Napi::Env env, DoctorHandle &doctor) -> Napi::Value { return ::Doctor::Make(env, std::move(doctor)); };
    return Run<DoctorHandle>(info.Env(), Bool(info.Env(), info[0]), {run, finish});
}
