#include "client/cli/config_file.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "client/input_file.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/text_format.h"
#include "nlohmann/json.hpp"
#include "proto/amct/quant_config.pb.h"

namespace quantd {
namespace {

constexpr int64_t kMaxConfigBytes = 16 << 20;

uint64_t BatchNumOfJson(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("batch_num")) return 0;
  const auto& value = json["batch_num"];
  return value.is_number_unsigned() ? value.get<uint64_t>() : 0;
}

// Says nothing: the server will.
class NoErrors : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int, int, const std::string&) override {}
};

uint64_t BatchNumOfSimple(absl::string_view text) {
  NoErrors errors;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  google::protobuf::io::ArrayInputStream stream(text.data(),
                                                static_cast<int>(text.size()));
  amct::AMCTConfig config;
  return parser.Parse(&stream, &config) ? config.batch_num() : 0;
}

}  // namespace

std::string ConfigFlagHelp() {
  return "AMCT's config.json, or its simplified configuration (*.cfg): a file "
         "that begins with '{' is JSON; default: AMCT's defaults";
}

absl::StatusOr<int64_t> BatchNumOfConfig(const std::string& path, int64_t max) {
  if (path.empty()) return 0;
  ASSIGN_OR_RETURN(const std::string text,
                   ReadInputFile(path, kMaxConfigBytes));
  const absl::string_view begin = absl::StripLeadingAsciiWhitespace(
      absl::StripPrefix(text, "\xEF\xBB\xBF"));
  const uint64_t batches = absl::StartsWith(begin, "{")
                               ? BatchNumOfJson(text)
                               : BatchNumOfSimple(begin);
  return batches <= static_cast<uint64_t>(max) ? static_cast<int64_t>(batches)
                                               : 0;
}

}  // namespace quantd
