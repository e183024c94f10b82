#include "library.h"

#include "convert.h"

using Napi::CallbackInfo;

namespace {

Napi::Value DefaultPoolDir(const CallbackInfo &info) {
    Buffer path;
    plsm_error_t *error = nullptr;
    if (plsm_default_pool_dir(&path, &error) != 0) Environment::Of(info.Env())->Throw(info.Env(), error);
    return Napi::Value(info.Env(), MakeString(info.Env(), reinterpret_cast<char *>(path.data), path.len));
}

// (name)
Napi::Value HasFeature(const CallbackInfo &info) {
    return Napi::Boolean::New(info.Env(), plsm_has_feature(Text(info.Env(), info[0]).c_str()) == 1);
}

void InstallGuard(const CallbackInfo &info) {
    plsm_error_t *error = nullptr;
    if (plsm_guard_install(&error) != 0) Environment::Of(info.Env())->Throw(info.Env(), error);
}

// (JSON text or Lite3 document); gives bytes
template <int (*Call)(const std::uint8_t *, std::size_t, plsm_buf_t *, plsm_error_t **)> Napi::Value Converted(const CallbackInfo &info) {
    Napi::Env env = info.Env();
    EnvironmentPtr environment = Environment::Of(env);
    std::string_view given = TextOrBytes(env, info[0], *environment);
    Buffer made;
    plsm_error_t *error = nullptr;
    if (Call(reinterpret_cast<const std::uint8_t *>(given.data()), given.size(), &made, &error) != 0) environment->Throw(env, error);
    return Napi::Value(env, MakeBuffer(env, std::move(made)));
}

} // namespace

void ExportLibrary(Napi::Env env, Napi::Object exports) {
    exports.Set("version", Napi::String::New(env, plsm_version()));
    exports.Set("abiVersion", Napi::Number::New(env, plsm_abi_version()));
    exports.Set("buildInfo", Napi::String::New(env, plsm_build_info()));
    exports.Set("defaultPoolDir", Napi::Function::New(env, DefaultPoolDir));
    exports.Set("hasFeature", Napi::Function::New(env, HasFeature));
    exports.Set("installGuard", Napi::Function::New(env, InstallGuard));
    exports.Set("jsonToLite3", Napi::Function::New(env, Converted<plsm_lite3_from_json>));
    exports.Set("lite3ToJson", Napi::Function::New(env, Converted<plsm_lite3_to_json>));
}
