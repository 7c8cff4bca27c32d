#include "engine/config/read_quant_config.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "engine/config/parse_quant_config.h"
#include "engine/config/parse_simple_config.h"

namespace quantd {
namespace {

bool IsJson(absl::string_view text, absl::string_view file_name) {
  const absl::string_view begin = absl::StripLeadingAsciiWhitespace(
      absl::StripPrefix(text, "\xEF\xBB\xBF"));
  return absl::StartsWith(begin, "{") || absl::StartsWith(begin, "[") ||
         absl::EndsWithIgnoreCase(file_name, ".json");
}

}  // namespace

absl::StatusOr<QuantConfig> ReadQuantConfig(absl::string_view text,
                                            absl::string_view file_name,
                                            const caffe::NetParameter& net) {
  return IsJson(text, file_name) ? ParseQuantConfig(text, file_name, net)
                                 : ParseSimpleQuantConfig(text, file_name, net);
}

}  // namespace quantd
