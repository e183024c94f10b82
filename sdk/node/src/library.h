// What belongs to no handle: the library itself, and JSON and Lite3 converted.
#pragma once

#include "environment.h"

// Puts it into the addon's exports.
void ExportLibrary(Napi::Env env, Napi::Object exports);
