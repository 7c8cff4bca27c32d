#include "engine/config/read_quant_config.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "engine/config/config_place.h"
#include "engine/config/parse_quant_config.h"
#include "engine/config/parse_simple_config.h"

namespace quantd {
namespace {

constexpr int kAscendBits = 8;

bool IsJson(absl::string_view text, absl::string_view file_name) {
  const absl::string_view begin = absl::StripLeadingAsciiWhitespace(
      absl::StripPrefix(text, "\xEF\xBB\xBF"));
  return absl::StartsWith(begin, "{") || absl::StartsWith(begin, "[") ||
         absl::EndsWithIgnoreCase(file_name, ".json");
}

absl::Status CheckLayerForAscend(const LayerQuantConfig& layer,
                                 const ConfigPlace& place) {
  for (const ActivationQuantParams& input : layer.activations) {
    if (input.num_bits == kAscendBits) continue;
    return PlaceError(absl::StatusCode::kInvalidArgument, "OPTION_OUT_OF_RANGE",
                      absl::StrCat("num_bits of data is ", input.num_bits,
                                   "; target ascend has 8 bits only"),
                      place,
                      {{"field", "num_bits"},
                       {"option", "num_bits"},
                       {"value", absl::StrCat(input.num_bits)},
                       {"allowed", "8"}});
  }
  if (!layer.weights || layer.weights->wts_algo == WeightAlgorithm::kArq) {
    return absl::OkStatus();
  }
  return PlaceError(absl::StatusCode::kInvalidArgument, "OPTION_CONFLICT",
                    "snq_quantize is not for target ascend, whose weights "
                    "have 8 bits; use arq_quantize",
                    place, {{"options", "snq_quantize, target"}});
}

absl::Status CheckForAscend(const QuantConfig& config,
                            absl::string_view file_name) {
  for (const LayerQuantConfig& layer : config.layers) {
    if (!layer.quant_enable) continue;
    RETURN_IF_ERROR(
        CheckLayerForAscend(layer, {std::string(file_name), layer.name}));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<QuantConfig> ReadQuantConfig(absl::string_view text,
                                            absl::string_view file_name,
                                            const caffe::NetParameter& net,
                                            Target target) {
  ASSIGN_OR_RETURN(QuantConfig config,
                   IsJson(text, file_name)
                       ? ParseQuantConfig(text, file_name, net, target)
                       : ParseSimpleQuantConfig(text, file_name, net, target));
  if (target == Target::kAscend) {
    RETURN_IF_ERROR(CheckForAscend(config, file_name));
  }
  return config;
}

}  // namespace quantd
