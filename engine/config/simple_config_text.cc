#include "engine/config/simple_config_text.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "engine/config/first_parse_error.h"
#include "engine/model/names.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace quantd {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::TextFormat;

constexpr size_t kMaxBytes = size_t{16} << 20;

absl::Status ParseError(absl::string_view what, const ConfigPlace& place,
                        ErrorMetadata metadata = {}) {
  return PlaceError(absl::StatusCode::kInvalidArgument, "CONFIG_PARSE", what,
                    place, std::move(metadata));
}

// AMCT's words where it has them.
absl::Status Translate(const std::string& message, const ConfigPlace& place) {
  const std::vector<std::string> parts = absl::StrSplit(message, '"');
  if (parts.size() >= 4 && absl::StrContains(message, "has no field named")) {
    return ParseError(absl::StrCat("Unknown parameter ", parts[3], " in ",
                                   absl::StripPrefix(parts[1], "amct.")),
                      place, {{"field", parts[3]}});
  }
  if (parts.size() >= 2 &&
      absl::StrContains(message, "is specified multiple times")) {
    return ParseError(
        absl::StrCat("Please delete repeated items in ", place.file,
                     ", repeated items are [", parts[1], "]"),
        place, {{"field", parts[1]}});
  }
  return ParseError(absl::Utf8SafeCHexEscape(message), place);
}

// A string of the file becomes part of messages and files.
absl::Status CheckStrings(const Message& message, const FieldPlaces& places) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const bool repeated = field->is_repeated();
    const int count = repeated ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const int index = repeated ? i : -1;
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        RETURN_IF_ERROR(CheckStrings(
            repeated ? reflection.GetRepeatedMessage(message, field, i)
                     : reflection.GetMessage(message, field),
            places.Inside(field->name(), index)));
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        const std::string value =
            repeated ? reflection.GetRepeatedString(message, field, i)
                     : reflection.GetString(message, field);
        if (IsLegalName(value)) continue;
        return ParseError(
            absl::StrCat(field->name(), " is \"",
                         absl::Utf8SafeCHexEscape(value.substr(0, 40)),
                         "\", which is no legal name"),
            places.At(field->name(), index), {{"field", field->name()}});
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

ConfigPlace FieldPlaces::At(absl::string_view field, int index) const {
  const TextFormat::ParseLocation location = Location(field, index);
  if (location.line < 0) return place_;
  ConfigPlace place = text_->PlaceAt(location.line, location.column);
  place.layer = place_.layer;
  return place;
}

FieldPlaces FieldPlaces::Inside(absl::string_view field, int index,
                                const std::string& layer) const {
  const FieldDescriptor* descriptor =
      message_->FindFieldByName(std::string(field));
  ConfigPlace place = At(field, index);
  if (!layer.empty()) place.layer = layer;
  const Tree* tree =
      tree_ == nullptr ? nullptr : tree_->GetTreeForNested(descriptor, index);
  return FieldPlaces(text_, tree, descriptor->message_type(), std::move(place));
}

bool FieldPlaces::InOrder(absl::string_view first,
                          absl::string_view second) const {
  const TextFormat::ParseLocation a = Location(first, -1);
  const TextFormat::ParseLocation b = Location(second, -1);
  if (a.line < 0 || b.line < 0) return false;
  return a.line < b.line || (a.line == b.line && a.column < b.column);
}

TextFormat::ParseLocation FieldPlaces::Location(absl::string_view field,
                                                int index) const {
  if (tree_ == nullptr) return {};
  const FieldDescriptor* descriptor =
      message_->FindFieldByName(std::string(field));
  const TextFormat::ParseLocation location =
      tree_->GetLocation(descriptor, index);
  // The values of a list in brackets share the place of its first.
  if (location.line >= 0 || index < 1) return location;
  return tree_->GetLocation(descriptor, 0);
}

absl::StatusOr<std::unique_ptr<SimpleConfigText>> SimpleConfigText::Parse(
    absl::string_view text, const std::string& file_name) {
  if (text.size() > kMaxBytes) {
    return ParseError(absl::StrCat("has ", text.size(), " bytes; at most ",
                                   kMaxBytes, " are read"),
                      {file_name, ""});
  }
  auto parsed = absl::WrapUnique(new SimpleConfigText(text, file_name));
  RETURN_IF_ERROR(parsed->ParseText());
  return parsed;
}

absl::Status SimpleConfigText::ParseText() {
  FirstParseError error;
  TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  parser.WriteLocationsTo(&tree_);
  parser.AllowPartialMessage(true);
  google::protobuf::io::ArrayInputStream stream(text_.data(),
                                                static_cast<int>(text_.size()));
  if (!parser.Parse(&stream, &config_)) {
    return Translate(
        error.message().empty() ? "the text is broken" : error.message(),
        PlaceAt(error.line(), error.column()));
  }
  return CheckStrings(config_, places());
}

ConfigPlace SimpleConfigText::PlaceAt(int line, int column) {
  if (line < 0) return {file_, ""};
  return {file_, "", line + 1,
          static_cast<int>(positions_.ColumnOf(line, column)) + 1};
}

FieldPlaces SimpleConfigText::places() {
  return FieldPlaces(this, &tree_, amct::AMCTConfig::descriptor(), {file_, ""});
}

}  // namespace quantd
