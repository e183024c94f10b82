/// @file
/// Values inside a Lite3 document, read where they lie; and Lite3 and JSON converted.
#ifndef PLASMITE_VALUE_HPP
#define PLASMITE_VALUE_HPP

#include <plasmite/bytes.hpp>

namespace plasmite {
inline namespace PLASMITE_ABI {

/// The type of a value.
enum class value_type : std::uint32_t {
    null = PLSM_TYPE_NULL,       ///< null
    boolean = PLSM_TYPE_BOOL,    ///< true or false
    i64 = PLSM_TYPE_I64,         ///< A signed 64-bit integer.
    f64 = PLSM_TYPE_F64,         ///< A double.
    bytes = PLSM_TYPE_BYTES,     ///< Raw bytes; base64 text in JSON.
    string = PLSM_TYPE_STRING,   ///< UTF-8 text.
    object = PLSM_TYPE_OBJECT,   ///< Members with keys.
    array = PLSM_TYPE_ARRAY      ///< Elements with indices.
};

class entries;

/// A place in a Lite3 document: a few words that may be copied, borrowed from the document. In a view read in place,
/// what is read counts only if view::is_valid says so afterwards.
class value {
public:
    /// Takes over what a call of the C interface has filled.
    explicit value(const plsm_value_t &raw) noexcept : raw_(raw) {}

    /// The root of a document in the caller's memory. Reading checks what it touches: damage is error_kind::corrupt.
    static result<value> try_from_lite3(bytes_view document) {
        plsm_value_t root{};
        plsm_error_t *failure = nullptr;
        if (plsm_value_from_lite3(document.data(), document.size(), &root, &failure) != 0) return detail::take(failure);
        return value(root);
    }
    /// See try_from_lite3.
    static value from_lite3(bytes_view document) { return try_from_lite3(document).value(); }

    /// Its type.
    value_type type() const noexcept { return static_cast<value_type>(raw_.type); }

    /// The member with this key; nothing when there is none, or this is no object.
    result<std::optional<value>> try_get(std::string_view key) const {
        plsm_value_t member{};
        plsm_error_t *failure = nullptr;
        return found(plsm_value_get(&raw_, key.data(), key.size(), &member, &failure), member, failure);
    }
    /// See try_get.
    std::optional<value> get(std::string_view key) const { return try_get(key).value(); }

    /// The element at this index, from 0; nothing when there is none, or this is no array.
    result<std::optional<value>> try_at(std::size_t index) const {
        plsm_value_t element{};
        plsm_error_t *failure = nullptr;
        return found(plsm_value_at(&raw_, index, &element, &failure), element, failure);
    }
    /// See try_at.
    std::optional<value> at(std::size_t index) const { return try_at(index).value(); }

    /// How many members or elements a container has; 0 for any other value.
    result<std::size_t> try_size() const { return scalar<std::size_t>(plsm_value_count); }
    /// See try_size.
    std::size_t size() const { return try_size().value(); }

    /// The value as an integer; error_kind::usage when it is none.
    result<std::int64_t> try_i64() const { return scalar<std::int64_t>(plsm_value_i64); }
    /// See try_i64.
    std::int64_t i64() const { return try_i64().value(); }

    /// The value as a number, an integer rounded to the nearest double; error_kind::usage when it is neither.
    result<double> try_f64() const { return scalar<double>(plsm_value_f64); }
    /// See try_f64.
    double f64() const { return try_f64().value(); }

    /// The value as true or false; error_kind::usage when it is neither.
    result<bool> try_boolean() const {
        auto number = scalar<std::uint32_t>(plsm_value_bool);
        if (!number) return number.error();
        return *number != 0;
    }
    /// See try_boolean.
    bool boolean() const { return try_boolean().value(); }

    /// The text, borrowed from the document; error_kind::usage when it is none.
    result<std::string_view> try_string() const {
        auto range = scalar<plsm_bytes_t>(plsm_value_string);
        if (!range) return range.error();
        return detail::text(*range);
    }
    /// See try_string.
    std::string_view string() const { return try_string().value(); }

    /// Raw bytes, borrowed from the document; error_kind::usage when it is neither bytes nor text.
    result<bytes_view> try_bytes() const {
        auto range = scalar<plsm_bytes_t>(plsm_value_string);
        if (!range) return range.error();
        return bytes_view(range->data, range->len);
    }
    /// See try_bytes.
    bytes_view bytes() const { return try_bytes().value(); }

    /// The value with all in it as compact JSON.
    result<buffer> try_json() const {
        return detail::fill([&](auto *out, auto **err) { return plsm_value_json(&raw_, out, err); });
    }
    /// See try_json.
    buffer json() const { return try_json().value(); }

    /// Members in the order they were written, or elements: `for (auto [key, member] : value.entries())`.
    plasmite::entries entries() const;

    /// The struct of the C interface.
    const plsm_value_t &native() const noexcept { return raw_; }

private:
    template <class T> result<T> scalar(int (*call)(const plsm_value_t *, T *, plsm_error_t **)) const {
        T out{};
        plsm_error_t *failure = nullptr;
        if (call(&raw_, &out, &failure) != 0) return detail::take(failure);
        return out;
    }

    static result<std::optional<value>> found(int answer, const plsm_value_t &there, plsm_error_t *failure) {
        if (answer < 0) return detail::take(failure);
        return answer == 1 ? std::optional<value>(value(there)) : std::nullopt;
    }

    plsm_value_t raw_;
};

/// A member of an object, or an element, whose key is empty.
struct entry {
    std::string_view key;   ///< Borrowed from the document.
    plasmite::value value;  ///< The member or element.
};

/// What value::entries walks through, 16 entries a call of the library. Going on throws when the document is damaged;
/// without exceptions, read damaged documents with value::try_at and value::try_get.
class entries {
public:
    /// One pass over the entries.
    class iterator {
    public:
        using iterator_category = std::input_iterator_tag; ///< Of the standard library.
        using value_type = entry;                          ///< What it shows.
        using difference_type = std::ptrdiff_t;            ///< Of the standard library.
        using pointer = void;                              ///< There is none.
        using reference = entry;                           ///< Shown by value.

        /// The end.
        iterator() noexcept = default;
        /// The first entry.
        explicit iterator(const plsm_value_t &container) : container_(container), more_(true) { load(); }
        /// The entry here.
        entry operator*() const { return {detail::text(keys_[at_]), plasmite::value(values_[at_])}; }
        /// Goes on.
        iterator &operator++() {
            if (++at_ == count_) load();
            return *this;
        }
        /// Goes on.
        void operator++(int) { ++*this; }
        /// Whether both are at the end.
        bool operator==(const iterator &other) const noexcept { return more_ == other.more_; }
        /// Whether one is not at the end.
        bool operator!=(const iterator &other) const noexcept { return more_ != other.more_; }

    private:
        static constexpr std::size_t room = 16;

        void load() {
            skip_ += count_;
            at_ = 0;
            plsm_error_t *failure = nullptr;
            if (plsm_value_entries(&container_, skip_, keys_, values_, room, &count_, &failure) != 0)
                detail::raise(detail::take(failure));
            more_ = count_ != 0;
        }

        plsm_value_t container_{};
        plsm_bytes_t keys_[room]{};
        plsm_value_t values_[room]{};
        std::size_t skip_ = 0, count_ = 0, at_ = 0;
        bool more_ = false;
    };

    /// The entries of this value.
    explicit entries(const value &container) noexcept : container_(container.native()) {}
    /// The first entry.
    iterator begin() const { return iterator(container_); }
    /// Behind the last.
    iterator end() const noexcept { return {}; }

private:
    plsm_value_t container_;
};

inline entries value::entries() const { return plasmite::entries(*this); }

/// Checks that a text is one JSON value that pools can keep; error_kind::usage, with the offset, when it is not.
inline result<void> try_check_json(std::string_view json) {
    return detail::run([&](auto **err) { return plsm_json_check(detail::octets(json), json.size(), err); });
}
/// See try_check_json.
inline void check_json(std::string_view json) { try_check_json(json).value(); }

/// Encodes a JSON object or array as a Lite3 document; error_kind::usage for what Lite3 cannot hold.
inline result<buffer> try_json_to_lite3(std::string_view json) {
    return detail::fill([&](auto *out, auto **err) { return plsm_lite3_from_json(detail::octets(json), json.size(), out, err); });
}
/// See try_json_to_lite3.
inline buffer json_to_lite3(std::string_view json) { return try_json_to_lite3(json).value(); }

/// Writes a Lite3 document as compact JSON; error_kind::corrupt when it is damaged.
inline result<buffer> try_lite3_to_json(bytes_view lite3) {
    return detail::fill([&](auto *out, auto **err) { return plsm_lite3_to_json(lite3.data(), lite3.size(), out, err); });
}
/// See try_lite3_to_json.
inline buffer lite3_to_json(bytes_view lite3) { return try_lite3_to_json(lite3).value(); }

/// Checks a whole Lite3 document; error_kind::corrupt, with the offset, when it is damaged.
inline result<void> try_check_lite3(bytes_view lite3) {
    return detail::run([&](auto **err) { return plsm_lite3_check(lite3.data(), lite3.size(), err); });
}
/// See try_check_lite3.
inline void check_lite3(bytes_view lite3) { try_check_lite3(lite3).value(); }

} // namespace PLASMITE_ABI
} // namespace plasmite

#endif
