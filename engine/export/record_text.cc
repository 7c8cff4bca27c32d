#include "engine/export/record_text.h"

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "engine/config/first_parse_error.h"
#include "engine/model/prototxt.h"
#include "google/protobuf/text_format.h"

namespace quantd {
namespace {

constexpr size_t kMaxRecordBytes = size_t{64} << 20;

absl::Status ParseError(const std::string& file, int line, int column,
                        const std::string& problem) {
  // protobuf counts from 0; -1 where it knows no place.
  return Error(
      absl::StatusCode::kInvalidArgument, "RECORD_INVALID",
      absl::StrCat(file, ":", line + 1, ":", column + 1, ": ", problem,
                   ". the record_file{", file,
                   "} cannot be parsered, please ensure it matches with "
                   "scale_offset_record.proto!"),
      {{"file", file},
       {"line", absl::StrCat(line + 1)},
       {"column", absl::StrCat(column + 1)}});
}

}  // namespace

std::string RecordMessageToText(const google::protobuf::Message& record) {
  return PrintPrototxt(record);
}

absl::Status ParseRecordMessage(absl::string_view text,
                                const std::string& file_name,
                                google::protobuf::Message* record) {
  record->Clear();
  if (text.size() > kMaxRecordBytes) {
    return ParseError(file_name, 0, 0,
                      absl::StrCat("more than ", kMaxRecordBytes, " bytes"));
  }
  FirstParseError error;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  // MergeFromString() lets the last of repeated optional fields win.
  if (!parser.MergeFromString(std::string(text), record)) {
    return ParseError(file_name, error.line(), error.column(), error.message());
  }
  if (!record->IsInitialized()) {
    return ParseError(file_name, 0, 0,
                      absl::StrCat("missing required fields: ",
                                   record->InitializationErrorString()));
  }
  return absl::OkStatus();
}

}  // namespace quantd
