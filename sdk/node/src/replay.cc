#include "replay.h"

Napi::Function Replay::Define(Napi::Env env) {
    return DefineClass(env, "NativeReplay", {InstanceMethod<&Replay::Schedule>("schedule")});
}

// (speed)
Replay::Replay(const Napi::CallbackInfo &info) : Napi::ObjectWrap<Replay>(info) {
    plsm_replay_t *replay = nullptr;
    plsm_error_t *error = nullptr;
    if (!info[0].IsNumber()) throw Napi::TypeError::New(info.Env(), "expected a number");
    if (plsm_replay_new(info[0].As<Napi::Number>().DoubleValue(), &replay, &error) != 0) Environment::Of(info.Env())->Throw(info.Env(), error);
    handle_.reset(replay);
}

// (time of the next message in ns); gives in how many ms it is due
Napi::Value Replay::Schedule(const Napi::CallbackInfo &info) {
    std::uint64_t wait = 0;
    plsm_error_t *error = nullptr;
    if (plsm_replay_schedule(handle_.get(), U64(info.Env(), info[0]), &wait, &error) != 0) Environment::Of(info.Env())->Throw(info.Env(), error);
    return Napi::Number::New(info.Env(), static_cast<double>(wait) / 1e6);
}
