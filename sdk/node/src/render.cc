#include "render.h"

#include "convert.h"

namespace {

// A text that is larger than this gets no further message.
constexpr std::size_t ENOUGH = 64 * 1024;

// Appends a part of a message and a comma. 0 or -1.
int AppendPart(const plsm_view_t *view, std::uint32_t part, std::string &text, std::size_t &end, plsm_error_t **error) {
    std::size_t length = 0;
    for (;;) {
        std::size_t room = text.size() - end - 1;
        int written = plsm_view_write_json(view, part, reinterpret_cast<std::uint8_t *>(text.data()) + end, room, &length, error);
        if (written < 0) return -1;
        if (written == 1) break;
        text.resize(text.size() * 2 + length);
    }
    end += length;
    text[end++] = ',';
    return 0;
}

// Byte places become places in UTF-16 units.
void CountUnits(const std::string &text, std::uint32_t *places, std::size_t count) {
    std::uint32_t units = 0;
    std::size_t byte = 0;
    for (std::size_t i = 0; i <= count; i++) {
        for (; byte < places[i]; byte++) {
            auto c = static_cast<unsigned char>(text[byte]);
            units += (c & 0xc0) != 0x80;
            units += c >= 0xf0;
        }
        places[i] = units;
    }
}

} // namespace

napi_value Render(napi_env env, Environment &environment, const plsm_view_t *views, std::size_t count, std::size_t *done,
                  plsm_error_t **error) {
    std::string &text = environment.scratch;
    if (text.size() < ENOUGH * 2 || text.size() > ENOUGH * 64) {
        text.resize(ENOUGH * 2);
        text.shrink_to_fit();
    }
    std::uint32_t *places = environment.places + 1;
    std::size_t end = 0, rendered = 0;
    bool tagged = false;
    text[end++] = '[';
    for (; rendered < count && rendered < BATCH && end < ENOUGH; rendered++) {
        const plsm_view_t &view = views[rendered];
        std::size_t start = end;
        places[rendered] = static_cast<std::uint32_t>(start);
        plsm_error_t *failure = nullptr;
        if (AppendPart(&view, PLSM_PART_DATA, text, end, &failure) != 0) {
            end = start;
            if (rendered == 0) {
                *error = failure;
            } else {
                // The next call meets it first, and reports it.
                plsm_error_free(failure);
            }
            break;
        }
        environment.numbers[2 * rendered] = view.seq;
        environment.numbers[2 * rendered + 1] = view.timestamp_ns;
        tagged |= view.tags_len != 0 && plsm_view_tag_count(&view) != 0;
    }
    *done = rendered;
    if (rendered == 0) return nullptr;
    places[rendered] = static_cast<std::uint32_t>(end);
    for (std::size_t i = 0; tagged && i < rendered; i++) {
        if (AppendPart(&views[i], PLSM_PART_TAGS, text, end, error) != 0) {
            *done = 0;
            return nullptr;
        }
    }
    text[end - 1] = ']';
    environment.places[0] = static_cast<std::uint32_t>(rendered) | (tagged ? 0x80000000u : 0u);
    if (!IsAscii(text.data(), end)) CountUnits(text, places, rendered);
    return MakeString(env, text.data(), end);
}
