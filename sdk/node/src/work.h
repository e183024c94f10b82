// Runs a library call at once, or on a thread of the pool with a promise for its result. Only for calls that end
// by themselves: files are made, looked at or flushed. Waits for messages go through Poller.
#pragma once

#include "environment.h"

#include <functional>

// What a call does off the JavaScript thread, and what it then hands to JavaScript. `Result` frees what it holds.
template <class Result> struct Work {
    std::function<int(Result &, plsm_error_t **)> run;
    std::function<Napi::Value(Napi::Env, Result &)> finish;
};

template <class Result> class WorkThread : public Napi::AsyncWorker {
  public:
    WorkThread(Napi::Env env, Work<Result> work)
        : Napi::AsyncWorker(env, "plasmite"), environment_(Environment::Of(env)), deferred_(Napi::Promise::Deferred::New(env)),
          work_(std::move(work)) {}
    ~WorkThread() override { plsm_error_free(error_); }
    Napi::Promise Promise() const { return deferred_.Promise(); }

  protected:
    void Execute() override { status_ = work_.run(result_, &error_); }
    void OnOK() override {
        try {
            Settle();
        } catch (const Napi::Error &) {
            // The thread is being ended, and nobody is left to be told.
        }
    }

  private:
    void Settle() {
        Napi::Env env = Env();
        Napi::HandleScope scope(env);
        if (status_ < 0) {
            plsm_error_t *error = error_;
            error_ = nullptr;
            deferred_.Reject(environment_->MakeError(env, error));
            return;
        }
        Napi::Value value;
        try {
            value = work_.finish(env, result_);
        } catch (const Napi::Error &error) {
            deferred_.Reject(error.Value());
            return;
        }
        deferred_.Resolve(value);
    }

    EnvironmentPtr environment_;
    Napi::Promise::Deferred deferred_;
    Work<Result> work_;
    Result result_{};
    plsm_error_t *error_ = nullptr;
    int status_ = 0;
};

template <class Result> Napi::Value Run(Napi::Env env, bool in_background, Work<Result> work) {
    if (in_background) {
        auto *thread = new WorkThread<Result>(env, std::move(work));
        Napi::Promise promise = thread->Promise();
        thread->Queue();
        return promise;
    }
    Result result{};
    plsm_error_t *error = nullptr;
    if (work.run(result, &error) < 0) Environment::Of(env)->Throw(env, error);
    return work.finish(env, result);
}
