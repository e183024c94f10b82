// The clock of a replay: when each message is due.
#pragma once

#include "convert.h"

class Replay : public Napi::ObjectWrap<Replay> {
  public:
    static Napi::Function Define(Napi::Env env);
    explicit Replay(const Napi::CallbackInfo &info);

  private:
    Napi::Value Schedule(const Napi::CallbackInfo &info);

    std::unique_ptr<plsm_replay_t, void (*)(plsm_replay_t *)> handle_{nullptr, plsm_replay_free};
};
