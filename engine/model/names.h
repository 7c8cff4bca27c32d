// Names inside a net that comes from outside: what may be stored, printed and
// sent.
#ifndef QUANTD_ENGINE_MODEL_NAMES_H_
#define QUANTD_ENGINE_MODEL_NAMES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// The longest name of a layer, a type or a blob.
inline constexpr size_t kMaxNameBytes = 1024;

// True if `name` is UTF-8 without control characters and not too long.
bool IsLegalName(absl::string_view name);

// Checks every name, type, bottom, top and input of all layer forms in `net`.
// An empty name is legal here.
// Errors: INVALID_ARGUMENT, MODEL_INVALID with file, field and the name,
//   escaped.
absl::Status CheckNames(const caffe::NetParameter& net,
                        const std::string& file_name);

}  // namespace quantd

#endif  // QUANTD_ENGINE_MODEL_NAMES_H_
