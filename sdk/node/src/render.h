// Messages on their way to JavaScript: the data of many as one text, so that one JSON.parse reads them all.
#pragma once

#include "environment.h"

// Renders views from the first on, until one fails, the text grows large, or BATCH are done. Gives the text
// `[data,data,...]`, or `[data,data,...,tags,tags,...]` when a message has tags; the numbers array gets seq and time of
// each; places[0] the number of messages, with the highest bit set when there are tags, and places[1 + i] where in
// the text (in UTF-16 units) the data of message i begins, one more entry telling where that behind the last would.
// `done` gets how many were rendered; when it is 0 the first failed, and `error` says why.
napi_value Render(napi_env env, Environment &environment, const plsm_view_t *views, std::size_t count, std::size_t *done,
                  plsm_error_t **error);
