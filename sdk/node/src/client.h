// A directory of pools.
#pragma once

#include "convert.h"

class Client : public Napi::ObjectWrap<Client> {
  public:
    static Napi::Function Define(Napi::Env env);
    explicit Client(const Napi::CallbackInfo &info);

  private:
    Napi::Value PoolDir(const Napi::CallbackInfo &info);
    Napi::Value Resolve(const Napi::CallbackInfo &info);
    Napi::Value Exists(const Napi::CallbackInfo &info);
    Napi::Value Create(const Napi::CallbackInfo &info);
    Napi::Value Ensure(const Napi::CallbackInfo &info);
    Napi::Value Open(const Napi::CallbackInfo &info);
    Napi::Value Delete(const Napi::CallbackInfo &info);
    Napi::Value List(const Napi::CallbackInfo &info);
    Napi::Value Migrate(const Napi::CallbackInfo &info);
    Napi::Value Salvage(const Napi::CallbackInfo &info);
    Napi::Value Doctor(const Napi::CallbackInfo &info);

    ClientHandle handle_;
};
