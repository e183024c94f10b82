#include "environment.h"

#include "poller.h"
#include "uv.h"

namespace {

Napi::Value TextOrUndefined(Napi::Env env, const char *text) {
    if (text == nullptr) return env.Undefined();
    return Napi::String::New(env, text);
}

} // namespace

std::shared_ptr<Environment> Environment::Of(napi_env env) {
    return *Napi::Env(env).GetInstanceData<EnvironmentPtr>();
}

void Environment::Install(Napi::Env env, Napi::Object exports) {
    auto *holder = new EnvironmentPtr(std::make_shared<Environment>());
    env.SetInstanceData<EnvironmentPtr>(holder);
    Environment &self = **holder;
    if (napi_get_uv_event_loop(env, &self.loop) != napi_ok) throw Napi::Error::New(env, "this runtime has no libuv event loop");
    // Held by the hook until it has run.
    auto *of_hook = new EnvironmentPtr(*holder);
    if (napi_add_async_cleanup_hook(env, End, of_hook, &self.hook_) != napi_ok) {
        delete of_hook;
        throw Napi::Error::New(env, "cannot register a cleanup hook");
    }

    auto receipt = Napi::BigUint64Array::New(env, 2);
    auto numbers = Napi::BigUint64Array::New(env, 2 * BATCH);
    auto places = Napi::Uint32Array::New(env, BATCH + 2);
    self.receipt = receipt.Data();
    self.numbers = numbers.Data();
    self.places = places.Data();
    const char *const names[] = {"receipt", "numbers", "places"};
    const Napi::TypedArray arrays[] = {receipt, numbers, places};
    for (int i = 0; i < 3; i++) {
        self.arrays_[i] = Napi::Persistent(arrays[i]);
        exports.Set(names[i], arrays[i]);
    }
    exports.Set("setErrorFactory", Napi::Function::New(env, [](const Napi::CallbackInfo &info) {
                    if (!info[0].IsFunction()) throw Napi::TypeError::New(info.Env(), "setErrorFactory takes a function");
                    Environment::Of(info.Env())->error_factory_ = Napi::Persistent(info[0].As<Napi::Function>());
                }));
}

Napi::Value Environment::MakeError(Napi::Env env, plsm_error_t *error) {
    if (error == nullptr) return Napi::Error::New(env, "plasmite: the library failed without an error").Value();
    std::unique_ptr<plsm_error_t, void (*)(plsm_error_t *)> owned(error, plsm_error_free);
    Napi::Object fields = Napi::Object::New(env);
    fields.Set("kind", Napi::Number::New(env, error->kind));
    fields.Set("message", Napi::String::New(env, error->message));
    fields.Set("path", TextOrUndefined(env, error->path));
    fields.Set("hint", TextOrUndefined(env, plsm_error_hint(error)));
    if (error->has_seq) fields.Set("seq", Napi::BigInt::New(env, error->seq));
    if (error->has_offset) fields.Set("offset", Napi::BigInt::New(env, error->offset));
    fields.Set("maybeWritten", Napi::Boolean::New(env, plsm_error_maybe_written(error) != 0));
    fields.Set("tooLarge", Napi::Boolean::New(env, plsm_error_too_large(error) != 0));
    std::size_t count = plsm_error_cause_count(error);
    Napi::Array causes = Napi::Array::New(env, count);
    for (std::size_t i = 0; i < count; i++) causes.Set(static_cast<std::uint32_t>(i), TextOrUndefined(env, plsm_error_cause(error, i)));
    fields.Set("causes", causes);
    if (error_factory_.IsEmpty()) return Napi::Error::New(env, error->message).Value();
    return error_factory_.Call({fields});
}

void Environment::Throw(Napi::Env env, plsm_error_t *error) {
    throw Napi::Error(env, MakeError(env, error));
}

// The environment is about to go: close what the event loop knows of, and tell Node when that is done.
void Environment::End(napi_async_cleanup_hook_handle, void *data) {
    std::unique_ptr<EnvironmentPtr> held(static_cast<EnvironmentPtr *>(data));
    EnvironmentPtr self = *held;
    self->ending = true;
    while (!self->pollers.empty()) (*self->pollers.begin())->Close();
    self->AfterClose();
}

void Environment::AfterClose() {
    if (!ending || closing != 0 || hook_ == nullptr) return;
    napi_async_cleanup_hook_handle hook = hook_;
    hook_ = nullptr;
    napi_remove_async_cleanup_hook(hook);
}
