// Golden cases of SNQ: snq_bounds. These are no outputs of AMCT but bounds for
// any quantizer with 16 levels.
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/status_macros.h"
#include "engine/quant/snq.h"
#include "tests/golden/amct_compare.h"
#include "tests/golden/amct_families.h"

namespace quantd {
namespace {

using nlohmann::json;

// By how much Lloyd's result on 8-bit codes may be worse than on the weights
// themselves.
constexpr double kLloydSlack = 1.02;

// The error of the integers as clusters of ARQ's 8-bit codes.
double ErrorInCodes(absl::Span<const float> weights,
                    absl::Span<const int8_t> integers, float scale) {
  double sum = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    const double code = std::fmin(
        std::fmax(std::round(static_cast<double>(weights[i]) / scale), -128),
        127);
    sum += (code - integers[i]) * (code - integers[i]);
  }
  return sum;
}

absl::Status CheckBounds(absl::Span<const float> weights,
                         absl::Span<const int8_t> integers,
                         const SnqBlock& block, LloydInit init,
                         const json& bounds) {
  RETURN_IF_ERROR(CompareFloat(bounds, "arq_scale_int8", block.scale));
  double largest = 0;
  for (const float w : weights) largest = std::fmax(largest, std::abs(w));
  // Products of centre and scale are rounded.
  const double rounding = std::ldexp(largest, -24);
  const double slack =
      static_cast<double>(weights.size()) * rounding * rounding;
  const double error = block.squared_error;
  const auto is_above = [&](const char* key, double factor) {
    return error > bounds.at(key).get<double>() * factor + slack;
  };
  const std::string found =
      absl::StrCat("init ", static_cast<int>(init), ": squared error ", error);
  if (!is_above("sse_optimal", 1 - 1e-9) &&
      error + slack < bounds.at("sse_optimal").get<double>() * (1 - 1e-9)) {
    return Mismatch(absl::StrCat(found, " is below the optimum"));
  }
  if (is_above("sse_uniform_int4", 1 + 1e-9)) {
    return Mismatch(absl::StrCat(found, " is above uniform 4 bits"));
  }
  if (init == LloydInit::kUniform &&
      is_above("sse_lloyd_uniform", kLloydSlack)) {
    return Mismatch(absl::StrCat(found, " is above Lloyd's ",
                                 bounds.at("sse_lloyd_uniform").dump()));
  }
  if (ErrorInCodes(weights, integers, block.scale) <
      bounds.at("sse_optimal_int8_grid").get<double>()) {
    return Mismatch(absl::StrCat(found, " is below the optimum in codes"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status RunSnqBounds(const AmctCase& golden) {
  ASSIGN_OR_RETURN(const std::vector<float> weights,
                   JsonFloats(golden.dir, golden.inputs.at("weights")));
  const json& channels = golden.expected.at("channels");
  for (const LloydInit init :
       {LloydInit::kUniform, LloydInit::kGaussian, LloydInit::kD2Sampling}) {
    SnqParams params;
    params.num_blocks = static_cast<int64_t>(channels.size());
    params.init = init;
    ASSIGN_OR_RETURN(const SnqWeights found, SnqSearch(weights, params));
    const std::vector<int8_t> integers = SnqIntegers(found);
    const size_t size = weights.size() / channels.size();
    for (size_t c = 0; c < channels.size(); ++c) {
      RETURN_IF_ERROR(
          CheckBounds(absl::MakeConstSpan(weights).subspan(c * size, size),
                      absl::MakeConstSpan(integers).subspan(c * size, size),
                      found.blocks[c], init, channels.at(c)));
    }
  }
  return absl::OkStatus();
}

}  // namespace quantd
