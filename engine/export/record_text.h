// The text form that the records of all targets have.
// Not here: their schemas (record_file.h, cann_record.h).
#ifndef QUANTD_ENGINE_EXPORT_RECORD_TEXT_H_
#define QUANTD_ENGINE_EXPORT_RECORD_TEXT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace quantd {

// Indent 2, fields by number, floats with the fewest digits (at most 9) that
// read back as the same float32.
std::string RecordMessageToText(const google::protobuf::Message& record);

// Reads `text` into `record`; of an optional field that is repeated the last
// value counts. file_name: for messages. At most 64 MiB.
// Errors: INVALID_ARGUMENT, RECORD_INVALID with file, line and column for bad
// syntax, unknown fields and missing ones.
absl::Status ParseRecordMessage(absl::string_view text,
                                const std::string& file_name,
                                google::protobuf::Message* record);

}  // namespace quantd

#endif  // QUANTD_ENGINE_EXPORT_RECORD_TEXT_H_
