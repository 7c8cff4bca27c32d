// The text of AMCT's simplified configuration (*.cfg), read without trust, with
// the place of every field.
// Not here: what the fields mean, their ranges (parse_simple_config.h).
#ifndef QUANTD_ENGINE_CONFIG_SIMPLE_CONFIG_TEXT_H_
#define QUANTD_ENGINE_CONFIG_SIMPLE_CONFIG_TEXT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/config/config_place.h"
#include "engine/model/text_positions.h"
#include "google/protobuf/text_format.h"
#include "proto/amct/quant_config.pb.h"

namespace quantd {

class SimpleConfigText;

// Where the fields of one message stand. Lives as long as its text.
class FieldPlaces {
 public:
  // The `index`-th value of `field`, index -1 for a field that is not repeated;
  // the message itself if the text does not have it.
  ConfigPlace At(absl::string_view field, int index = -1) const;

  // The message that is the value of `field`; errors there name `layer`.
  FieldPlaces Inside(absl::string_view field, int index = -1,
                     const std::string& layer = "") const;

  // True if the text has both fields and `first` before `second`. Neither may
  // be repeated.
  bool InOrder(absl::string_view first, absl::string_view second) const;

 private:
  friend class SimpleConfigText;
  using Tree = google::protobuf::TextFormat::ParseInfoTree;

  FieldPlaces(SimpleConfigText* text, const Tree* tree,
              const google::protobuf::Descriptor* message, ConfigPlace place)
      : text_(text), tree_(tree), message_(message), place_(std::move(place)) {}

  // Line -1 if the text does not have it.
  google::protobuf::TextFormat::ParseLocation Location(absl::string_view field,
                                                       int index) const;

  SimpleConfigText* text_;
  const Tree* tree_;  // Null: nothing is known.
  const google::protobuf::Descriptor* message_;
  ConfigPlace place_;  // Of the message.
};

class SimpleConfigText {
 public:
  // text: at most 16 MiB; outlives this. A field that is not repeated may be
  // there once; required fields may be missing.
  // Errors: INVALID_ARGUMENT, CONFIG_PARSE with file, line, column and what is
  // known of field and token: bad syntax, unknown or repeated fields, values of
  // another type, strings that are no legal names.
  static absl::StatusOr<std::unique_ptr<SimpleConfigText>> Parse(
      absl::string_view text, const std::string& file_name);

  const amct::AMCTConfig& config() const { return config_; }
  FieldPlaces places();

 private:
  friend class FieldPlaces;

  SimpleConfigText(absl::string_view text, const std::string& file_name)
      : text_(text), file_(file_name), positions_(text) {}

  absl::Status ParseText();
  ConfigPlace PlaceAt(int line, int column);

  const absl::string_view text_;
  const std::string file_;
  TextPositions positions_;
  amct::AMCTConfig config_;
  google::protobuf::TextFormat::ParseInfoTree tree_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_CONFIG_SIMPLE_CONFIG_TEXT_H_
