#include "doctor.h"

#include "work.h"

namespace {

struct Stepped {
    plsm_doctor_progress_t progress = PLSM_DOCTOR_PROGRESS_INIT;
    int more = 0;
    std::string path;
};

} // namespace

Napi::Function Doctor::Define(Napi::Env env) {
    return DefineClass(env, "NativeDoctor", {InstanceMethod<&Doctor::Step>("step"), InstanceMethod<&Doctor::Reports>("reports")});
}

Napi::Value Doctor::Make(Napi::Env env, DoctorHandle handle) {
    Napi::Object object = Environment::Of(env)->doctor_class.New({});
    Doctor::Unwrap(object)->handle_ = std::move(handle);
    return object;
}

// (bytes); gives a promise of the progress, `done` telling whether that was all
Napi::Value Doctor::Step(const Napi::CallbackInfo &info) {
    auto run = [doctor = handle_, bytes = U64(info.Env(), info[0])](Stepped &out, plsm_error_t **error) {
        out.more = plsm_doctor_step(doctor.get(), bytes, &out.progress, error);
        if (out.progress.path != nullptr) out.path = out.progress.path;
        return out.more;
    };
    auto finish = [](Napi::Env env, Stepped &out) -> Napi::Value {
        Napi::Object progress = Napi::Object::New(env);
        progress.Set("done", Napi::Boolean::New(env, out.more == 0));
        progress.Set("poolsDone", Napi::Number::New(env, static_cast<double>(out.progress.pools_done)));
        progress.Set("pools", Napi::Number::New(env, static_cast<double>(out.progress.pools)));
        progress.Set("bytesDone", Napi::Number::New(env, static_cast<double>(out.progress.bytes_done)));
        progress.Set("bytes", Napi::Number::New(env, static_cast<double>(out.progress.bytes)));
        if (!out.path.empty()) progress.Set("path", Napi::String::New(env, out.path));
        return progress;
    };
    return Run<Stepped>(info.Env(), true, {run, finish});
}

// Gives JSON text.
Napi::Value Doctor::Reports(const Napi::CallbackInfo &info) {
    Buffer json;
    plsm_error_t *error = nullptr;
    if (plsm_doctor_json(handle_.get(), &json, &error) != 0) Environment::Of(info.Env())->Throw(info.Env(), error);
    return Napi::Value(info.Env(), MakeString(info.Env(), reinterpret_cast<char *>(json.data), json.len));
}
