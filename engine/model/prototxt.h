// Prototxt: protobuf text as Caffe users write it, read without trust and
// printed back.
// Not here: binary models (caffemodel.h), old layer forms (upgrade.h), what a
// net needs to run (load_model.h).
#ifndef QUANTD_ENGINE_MODEL_PROTOTXT_H_
#define QUANTD_ENGINE_MODEL_PROTOTXT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// The largest text that is read.
inline constexpr int64_t kMaxPrototxtBytes = int64_t{16} << 20;
// The deepest nesting of messages that is read.
inline constexpr int kMaxPrototxtDepth = 100;

// Reads `text` into `message`, which is cleared first and, after an error,
// holds nothing of use. `file_name` is only named in messages.
//
// Unknown fields: a whole unknown `*_param` of a layer, and any field inside
// the parameters of a layer type that BVLC Caffe does not have, is kept as text
// (kept_text.h) with a warning (at most 100 in all); everything else unknown is
// an error, because dropping it would change what the net computes.
// CANN's form of quant_param.offset is read as the number (cann_offset.h).
// warnings: appended to; may be null.
// Errors: INVALID_ARGUMENT, PROTOTXT_PARSE with file, line and column (from 1)
//   and token: bad syntax, unknown field or enum value, a number out of range,
//   nesting beyond kMaxPrototxtDepth, text beyond kMaxPrototxtBytes, empty
//   text.
absl::Status ParsePrototxt(absl::string_view text, const std::string& file_name,
                           google::protobuf::Message* message,
                           std::vector<std::string>* warnings = nullptr);

// The net in `text`, as written: no upgrade, no filter by phase.
absl::StatusOr<caffe::NetParameter> ParseNetPrototxt(
    absl::string_view text, const std::string& file_name,
    std::vector<std::string>* warnings = nullptr);

// `message` as text: two spaces of indent, fields in the order of their
// numbers (as Caffe prints them), floats with the fewest significant digits, at
// least 6, that read back to the same float32. Deterministic. Unknown fields
// from a text follow at the end of their message, each on a line; those from a
// binary file have no name and are left out.
std::string PrintPrototxt(const google::protobuf::Message& message);

// The same in CANN's dialect: the offset of a quant_param, in [-128, 127], is a
// string of one byte (cann_offset.h).
std::string PrintCannPrototxt(const caffe::NetParameter& net);

}  // namespace quantd

#endif  // QUANTD_ENGINE_MODEL_PROTOTXT_H_
