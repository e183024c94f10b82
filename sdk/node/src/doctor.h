// An examination of pools, in steps, so that it can be cancelled between them.
#pragma once

#include "convert.h"

class Doctor : public Napi::ObjectWrap<Doctor> {
  public:
    static Napi::Function Define(Napi::Env env);
    static Napi::Value Make(Napi::Env env, DoctorHandle handle);
    explicit Doctor(const Napi::CallbackInfo &info) : Napi::ObjectWrap<Doctor>(info) {}

  private:
    Napi::Value Step(const Napi::CallbackInfo &info);
    Napi::Value Reports(const Napi::CallbackInfo &info);

    DoctorHandle handle_;
};
