#include "convert.h"

#include <cstring>

namespace {

// Below this copying is cheaper than a finaliser.
constexpr std::size_t HAND_OVER = 16 * 1024;

std::size_t Write(napi_env env, napi_value value, std::string &out) {
    if (out.size() < 4096) out.resize(4096);
    std::size_t length = 0;
    Check(env, napi_get_value_string_utf8(env, value, out.data(), out.size(), &length));
    // A character takes up to 4 bytes, so less than that of free room may mean that it was cut.
    if (length + 5 >= out.size()) {
        std::size_t needed = 0;
        Check(env, napi_get_value_string_utf8(env, value, nullptr, 0, &needed));
        if (needed + 1 > out.size()) {
            out.resize(needed + needed / 4 + 8);
            Check(env, napi_get_value_string_utf8(env, value, out.data(), out.size(), &length));
        }
    }
    return length;
}

bool Bytes(napi_env env, napi_value value, std::string_view *out) {
    bool is = false;
    Check(env, napi_is_typedarray(env, value, &is));
    if (!is) return false;
    napi_typedarray_type type;
    std::size_t length = 0;
    void *data = nullptr;
    Check(env, napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr));
    if (type != napi_uint8_array) throw Napi::TypeError::New(env, "expected a Uint8Array");
    *out = std::string_view(length == 0 ? "" : static_cast<const char *>(data), length);
    return true;
}

} // namespace

void Check(napi_env env, napi_status status) {
    if (status == napi_ok) return;
    if (status == napi_string_expected) throw Napi::TypeError::New(env, "expected a string");
    throw Napi::Error::New(env);
}

std::string_view TextOrBytes(napi_env env, napi_value value, Environment &environment) {
    // One very large message should not hold its memory for ever.
    if (environment.scratch.capacity() > 1024 * 1024) std::string().swap(environment.scratch);
    if (environment.scratch.size() < 64 * 1024) environment.scratch.resize(64 * 1024);
    napi_valuetype type;
    Check(env, napi_typeof(env, value, &type));
    std::string_view bytes;
    if (type != napi_string && Bytes(env, value, &bytes)) return bytes;
    std::size_t length = Write(env, value, environment.scratch);
    return std::string_view(environment.scratch.data(), length);
}

std::string OwnedBytes(napi_env env, napi_value value) {
    std::string_view bytes;
    if (Bytes(env, value, &bytes)) return std::string(bytes);
    return Text(env, value);
}

std::string Text(napi_env env, napi_value value) {
    std::string text;
    std::size_t needed = 0;
    Check(env, napi_get_value_string_utf8(env, value, nullptr, 0, &needed));
    text.resize(needed + 1);
    Check(env, napi_get_value_string_utf8(env, value, text.data(), text.size(), &needed));
    text.resize(needed);
    return text;
}

std::uint64_t U64(napi_env env, napi_value value) {
    napi_valuetype type;
    Check(env, napi_typeof(env, value, &type));
    if (type == napi_bigint) {
        std::uint64_t number = 0;
        bool lossless = false;
        Check(env, napi_get_value_bigint_uint64(env, value, &number, &lossless));
        if (!lossless) throw Napi::RangeError::New(env, "expected an unsigned 64-bit number");
        return number;
    }
    double number = 0;
    if (napi_get_value_double(env, value, &number) != napi_ok) throw Napi::TypeError::New(env, "expected a number");
    if (!(number >= 0 && number <= 9007199254740991.0)) throw Napi::RangeError::New(env, "expected a safe, unsigned number");
    return static_cast<std::uint64_t>(number);
}

std::uint32_t U32(napi_env env, napi_value value) {
    std::uint64_t number = U64(env, value);
    if (number > UINT32_MAX) throw Napi::RangeError::New(env, "expected an unsigned 32-bit number");
    return static_cast<std::uint32_t>(number);
}

bool Bool(napi_env env, napi_value value) {
    bool truth = false;
    if (napi_get_value_bool(env, value, &truth) != napi_ok) throw Napi::TypeError::New(env, "expected true or false");
    return truth;
}

bool IsNothing(napi_env env, napi_value value) {
    napi_valuetype type;
    Check(env, napi_typeof(env, value, &type));
    return type == napi_undefined || type == napi_null;
}

void Tags::Read(napi_env env, napi_value array) {
    texts_.clear();
    if (IsNothing(env, array)) return;
    std::uint32_t length = 0;
    if (napi_get_array_length(env, array, &length) != napi_ok) throw Napi::TypeError::New(env, "expected an array of strings");
    texts_.reserve(length);
    for (std::uint32_t i = 0; i < length; i++) {
        napi_value tag;
        Check(env, napi_get_element(env, array, i, &tag));
        texts_.push_back(Text(env, tag));
    }
}

bool Tags::HaveNul() const {
    for (const std::string &text : texts_) {
        if (text.find('\0') != std::string::npos) return true;
    }
    return false;
}

void Tags::Point() {
    bytes_.clear();
    for (const std::string &text : texts_) {
        bytes_.push_back({reinterpret_cast<const std::uint8_t *>(text.data()), text.size()});
    }
}

bool IsAscii(const char *text, std::size_t length) {
    std::uint64_t high = 0;
    std::size_t i = 0;
    for (; i + 8 <= length; i += 8) {
        std::uint64_t word;
        std::memcpy(&word, text + i, 8);
        high |= word;
    }
    for (; i < length; i++) high |= static_cast<unsigned char>(text[i]);
    return (high & 0x8080808080808080u) == 0;
}

napi_value MakeString(napi_env env, const char *text, std::size_t length) {
    napi_value string;
    if (IsAscii(text, length)) {
        // Needs no decoding.
        Check(env, napi_create_string_latin1(env, text, length, &string));
    } else {
        Check(env, napi_create_string_utf8(env, text, length, &string));
    }
    return string;
}

napi_value MakeBuffer(napi_env env, const std::uint8_t *data, std::size_t length) {
    napi_value buffer;
    Check(env, napi_create_buffer_copy(env, length, data, nullptr, &buffer));
    return buffer;
}

napi_value MakeBuffer(napi_env env, Buffer &&bytes) {
    if (bytes.len < HAND_OVER) return MakeBuffer(env, bytes.data, bytes.len);
    auto *kept = new Buffer(std::move(bytes));
    napi_value buffer;
    napi_status status = napi_create_external_buffer(
        env, kept->len, kept->data, [](napi_env, void *, void *hint) { delete static_cast<Buffer *>(hint); }, kept, &buffer);
    if (status == napi_ok) return buffer;
    // Runtimes that allow no foreign memory.
    std::unique_ptr<Buffer> owned(kept);
    return MakeBuffer(env, owned->data, owned->len);
}
