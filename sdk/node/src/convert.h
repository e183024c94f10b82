// Values between JavaScript and C. JavaScript code checks arguments before it calls the addon; what is checked again
// here is only what memory safety depends on.
#pragma once

#include "environment.h"
#include "handles.h"

#include <string>
#include <string_view>
#include <vector>

// The UTF-8 text of a JavaScript string, or the bytes of a Uint8Array, until the next call or return to JavaScript.
std::string_view TextOrBytes(napi_env env, napi_value value, Environment &environment);
// As TextOrBytes, kept.
std::string OwnedBytes(napi_env env, napi_value value);
std::string Text(napi_env env, napi_value value);

std::uint64_t U64(napi_env env, napi_value value); // a bigint or a number
std::uint32_t U32(napi_env env, napi_value value);
bool Bool(napi_env env, napi_value value);
bool IsNothing(napi_env env, napi_value value); // undefined or null

// An array of strings, in memory of its own.
class Tags {
  public:
    Tags() = default;
    Tags(napi_env env, napi_value array) { Read(env, array); }
    void Read(napi_env env, napi_value array);
    // Valid until the object is moved or read into again.
    const plsm_bytes_t *data() {
        Point();
        return bytes_.data();
    }
    std::size_t size() const { return texts_.size(); }
    bool HaveNul() const;

  private:
    void Point();
    std::vector<std::string> texts_;
    std::vector<plsm_bytes_t> bytes_;
};

bool IsAscii(const char *text, std::size_t length);
// A JavaScript string of UTF-8 text.
napi_value MakeString(napi_env env, const char *text, std::size_t length);
// A Node Buffer of library bytes: copied when small, else handed over without a copy.
napi_value MakeBuffer(napi_env env, Buffer &&bytes);
napi_value MakeBuffer(napi_env env, const std::uint8_t *data, std::size_t length);

// Throws what a raw N-API call has left behind, or a general error.
void Check(napi_env env, napi_status status);
