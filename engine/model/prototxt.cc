#include "engine/model/prototxt.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/model/cann_offset.h"
#include "engine/model/kept_text.h"
#include "engine/model/names.h"
#include "engine/model/text_positions.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/text_format.h"

namespace quantd {
namespace {

constexpr size_t kMaxTokenBytes = 40;
constexpr size_t kMaxWarnings = 100;  // Of one file.

// A place in the text, both numbers from 1.
struct Place {
  int line = 1;
  int column = 1;
  std::string token;  // What stands there; printable.
};

bool IsWordCharacter(char c) { return absl::ascii_isalnum(c) || c == '_'; }

Place PlaceAt(absl::string_view text, size_t offset) {
  offset = std::min(offset, text.size());
  const absl::string_view before = text.substr(0, offset);
  const size_t line_end = before.rfind('\n');
  const size_t line_begin =
      line_end == absl::string_view::npos ? 0 : line_end + 1;
  size_t end = offset;
  while (end < text.size() && end - offset < kMaxTokenBytes &&
         IsWordCharacter(text[end])) {
    ++end;
  }
  if (end == offset && end < text.size() && !absl::ascii_isspace(text[end])) {
    ++end;
  }
  Place place;
  place.line =
      1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  place.column = 1 + static_cast<int>(offset - line_begin);
  place.token = absl::Utf8SafeCHexEscape(text.substr(offset, end - offset));
  return place;
}

absl::Status ParseError(const std::string& file_name, const Place& place,
                        const std::string& what) {
  const std::string near =
      place.token.empty() ? "" : absl::StrCat(", near \"", place.token, "\"");
  return Error(absl::StatusCode::kInvalidArgument, "PROTOTXT_PARSE",
               absl::StrCat(file_name, ":", place.line, ":", place.column, ": ",
                            what, near),
               {{"file", file_name},
                {"line", absl::StrCat(place.line)},
                {"column", absl::StrCat(place.column)},
                {"token", place.token}});
}

// Parameters of layer types that BVLC Caffe does not have: vendors extend
// them, so what we do not know there is let through.
bool IsVendorMessage(absl::string_view name) {
  static const auto* const kNames = new absl::flat_hash_set<absl::string_view>{
      "BatchMatMulParameter",
      "CondTakeParameter",
      "NonMaximumSuppressionParameter",
      "SaveOutputParameter",
      "ResizeParameter",
      "DetectionOutputParameter",
      "FSRDetectionOutputParameter",
      "InterpParameter",
      "MatrixInverseParameter",
      "NormalizeParameter",
      "PermuteParameter",
      "PriorBoxParameter",
      "ProposalParameter",
      "PSROIPoolingParameter",
      "RegionParameter",
      "ReorgParameter",
      "ReverseParameter",
      "ROIAlignParameter",
      "ROIPoolingParameter",
      "ShuffleChannelParameter",
      "SmoothL1LossParameter",
      "SpatialTransformerParameter",
      "SSDDetectionOutputParameter",
      "UpsampleParameter",
      "YoloParameter",
      "YoloV2DetectionOutputParameter",
      "YoloV3DetectionOutputParameter",
      "YoloV3DetectionOutputV2Parameter",
  };
  return kNames->contains(name);
}

// protobuf's report of an unknown field. Both parts are empty for other
// warnings.
struct UnknownField {
  std::string message;  // Without the package.
  std::string field;
};

UnknownField ParseUnknownField(const std::string& warning) {
  const std::vector<std::string> parts = absl::StrSplit(warning, '"');
  if (parts.size() < 4 || !absl::StartsWith(warning, "Message type") ||
      !absl::StrContains(warning, "has no field named")) {
    return {};
  }
  return {std::string(absl::StripPrefix(parts[1], "caffe.")), parts[3]};
}

bool MayBeSkipped(const UnknownField& unknown) {
  const bool is_layer = unknown.message == "LayerParameter" ||
                        unknown.message == "V1LayerParameter";
  return (is_layer && absl::EndsWith(unknown.field, "_param")) ||
         IsVendorMessage(unknown.message);
}

// Keeps the first error and all warnings.
class Collector : public google::protobuf::io::ErrorCollector {
 public:
  Collector(absl::string_view text, const std::string& file_name)
      : text_(text), positions_(text), file_name_(file_name) {}

  void AddError(int line, int column, const std::string& message) override {
    const size_t offset = line < 0 ? 0 : positions_.OffsetOf(line, column);
    SetError(offset, absl::Utf8SafeCHexEscape(message));
  }

  void AddWarning(int line, int column, const std::string& message) override {
    const UnknownField unknown = ParseUnknownField(message);
    if (unknown.field.empty() || !status_.ok()) return;
    const bool skipped = MayBeSkipped(unknown);
    if (skipped && warnings_.size() >= kMaxWarnings) return;
    // The report points behind the field's name.
    size_t offset =
        text_.rfind(unknown.field, positions_.OffsetOf(line, column));
    if (offset == absl::string_view::npos) offset = 0;
    if (!skipped) {
      SetError(offset,
               absl::StrCat("message ", unknown.message, " has no field ",
                            unknown.field, "; correct the name or remove it"));
      return;
    }
    const Place place = PlaceAt(text_, offset);
    warnings_.push_back(absl::StrCat(file_name_, ":", place.line, ":",
                                     place.column, ": field ", unknown.field,
                                     " of ", unknown.message,
                                     " is not known; it is kept as text"));
  }

  const absl::Status& status() const { return status_; }
  std::vector<std::string>& warnings() { return warnings_; }

 private:
  void SetError(size_t offset, const std::string& what) {
    if (!status_.ok()) return;
    status_ = ParseError(file_name_, PlaceAt(text_, offset), what);
  }

  const absl::string_view text_;
  TextPositions positions_;
  const std::string& file_name_;
  absl::Status status_;
  std::vector<std::string> warnings_;
};

class ValuePrinter
    : public google::protobuf::TextFormat::FastFieldValuePrinter {
 public:
  using Generator = google::protobuf::TextFormat::BaseTextGenerator;

  void PrintFloat(float value, Generator* generator) const override {
    char text[32];
    for (int digits = 6; digits <= 9; ++digits) {
      std::snprintf(text, sizeof(text), "%.*g", digits, value);
      if (std::strtof(text, nullptr) == value) break;
    }
    generator->PrintString(text);
  }

  // Fields that were kept as text come last.
  void PrintMessageEnd(const google::protobuf::Message& message,
                       int field_index, int field_count, bool single_line_mode,
                       Generator* generator) const override {
    generator->Indent();
    generator->PrintString(KeptText(message));
    generator->Outdent();
    FastFieldValuePrinter::PrintMessageEnd(message, field_index, field_count,
                                           single_line_mode, generator);
  }
};

class CannOffsetPrinter : public ValuePrinter {
 public:
  void PrintInt32(int32_t value, Generator* generator) const override {
    generator->PrintString(CannOffsetText(value));
  }
};

std::string Print(const google::protobuf::Message& message,
                  google::protobuf::TextFormat::Printer* printer) {
  printer->SetDefaultFieldValuePrinter(new ValuePrinter);  // Takes ownership.
  printer->SetHideUnknownFields(true);
  std::string text;
  printer->PrintToString(message, &text);
  return text;
}

}  // namespace

absl::Status ParsePrototxt(absl::string_view text, const std::string& file_name,
                           google::protobuf::Message* message,
                           std::vector<std::string>* warnings) {
  message->Clear();
  if (static_cast<int64_t>(text.size()) > kMaxPrototxtBytes) {
    return ParseError(file_name, Place(),
                      absl::StrCat("the text has ", text.size(),
                                   " bytes; the limit is ", kMaxPrototxtBytes));
  }
  if (absl::StripAsciiWhitespace(text).empty()) {
    return ParseError(file_name, Place(),
                      "the file is empty; pass the complete prototxt");
  }
  const std::string numeric = NumbersForCannOffsets(text);
  text = numeric;
  Collector collector(text, file_name);
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&collector);
  parser.AllowUnknownField(true);
  parser.SetRecursionLimit(kMaxPrototxtDepth);
  google::protobuf::io::ArrayInputStream stream(text.data(),
                                                static_cast<int>(text.size()));
  const bool parsed = parser.Parse(&stream, message);
  RETURN_IF_ERROR(collector.status());
  if (!parsed) return ParseError(file_name, Place(), "the text is broken");
  if (!collector.warnings().empty()) KeepUnknownText(text, message);
  if (warnings != nullptr) {
    for (std::string& warning : collector.warnings()) {
      warnings->push_back(std::move(warning));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<caffe::NetParameter> ParseNetPrototxt(
    absl::string_view text, const std::string& file_name,
    std::vector<std::string>* warnings) {
  caffe::NetParameter net;
  RETURN_IF_ERROR(ParsePrototxt(text, file_name, &net, warnings));
  RETURN_IF_ERROR(CheckNames(net, file_name));
  return net;
}

std::string PrintPrototxt(const google::protobuf::Message& message) {
  google::protobuf::TextFormat::Printer printer;
  return Print(message, &printer);
}

std::string PrintCannPrototxt(const caffe::NetParameter& net) {
  google::protobuf::TextFormat::Printer printer;
  printer.RegisterFieldValuePrinter(
      caffe::QuantParameter::descriptor()->FindFieldByNumber(
          caffe::QuantParameter::kOffsetFieldNumber),
      new CannOffsetPrinter);  // Takes ownership.
  return Print(net, &printer);
}

}  // namespace quantd
