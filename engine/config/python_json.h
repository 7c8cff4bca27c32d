// JSON text as Python's json.dump(indent=4, separators=(",", ":")) lays it out:
// how AMCT writes its .json files.
#ifndef QUANTD_ENGINE_CONFIG_PYTHON_JSON_H_
#define QUANTD_ENGINE_CONFIG_PYTHON_JSON_H_

#include <string>

#include "nlohmann/json.hpp"

namespace quantd {

// One element per line, indent 4, no space after ',' and ':', "[]" and "{}" for
// what is empty, non-ASCII characters escaped, no newline at the end. Floating
// point numbers are taken as float32 (float_text.h) and must be finite. Bytes
// that are no UTF-8 become U+FFFD.
std::string PythonJson(const nlohmann::ordered_json& value);

}  // namespace quantd

#endif  // QUANTD_ENGINE_CONFIG_PYTHON_JSON_H_
