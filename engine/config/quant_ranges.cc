#include "engine/config/quant_ranges.h"

#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "engine/config/json_fields.h"
#include "engine/config/quantizable.h"

namespace quantd {
namespace {

constexpr int64_t kMaxBatchNum = std::numeric_limits<int32_t>::max();
constexpr double kMaxSearchSteps = 1e6;

std::string Shown(double value) {
  if (value != value) return "nan";
  if (value > std::numeric_limits<double>::max()) return "inf";
  return ShownJson(value);
}

absl::Status ReadBits(int64_t value, int low, int high,
                      const ConfigPlace& place, int* out) {
  if (value >= low && value <= high) {
    *out = static_cast<int>(value);
    return absl::OkStatus();
  }
  const std::string allowed =
      low == high ? absl::StrCat(low) : absl::StrCat("[", low, ", ", high, "]");
  return RangeError("num_bits", absl::StrCat(value),
                    absl::StrCat("The num_bits must be in ", allowed), allowed,
                    place);
}

}  // namespace

absl::Status ReadBatchNum(int64_t value, const ConfigPlace& place,
                          int64_t* out) {
  if (value > 0 && value <= kMaxBatchNum) {
    *out = value;
    return absl::OkStatus();
  }
  return RangeError("batch_num", absl::StrCat(value),
                    "The batch_num must be greater than zero.",
                    absl::StrCat("[1, ", kMaxBatchNum, "]"), place);
}

absl::Status ReadDataBits(int64_t value, const ConfigPlace& place, int* out) {
  return ReadBits(value, 8, 16, place, out);
}

absl::Status ReadWeightBits(int64_t value, WeightAlgorithm algorithm,
                            const ConfigPlace& place, int* out) {
  const int bits = algorithm == WeightAlgorithm::kSnq ? 4 : 8;
  return ReadBits(value, bits, bits, place, out);
}

absl::Status ReadMaxIteration(int64_t value, const ConfigPlace& place,
                              int* out) {
  if (value >= 500 && value <= 2000) {
    *out = static_cast<int>(value);
    return absl::OkStatus();
  }
  return RangeError("max_iteration", absl::StrCat(value),
                    "The max_iteration must be in [500, 2000]", "[500, 2000]",
                    place);
}

absl::Status ReadMinDistance(double value, const ConfigPlace& place,
                             float* out) {
  if (value >= 1e-10 && value <= 1e-3) {
    *out = static_cast<float>(value);
    return absl::OkStatus();
  }
  return RangeError("min_distance", Shown(value),
                    "The min_distance must be in [1e-10, 1e-3]",
                    "[1e-10, 1e-3]", place);
}

absl::Status ReadInitAlgo(absl::string_view value, const ConfigPlace& place,
                          LloydInit* out) {
  for (const LloydInit init :
       {LloydInit::kUniform, LloydInit::kGaussian, LloydInit::kD2Sampling}) {
    if (value != InitAlgoName(init)) continue;
    *out = init;
    return absl::OkStatus();
  }
  return RangeError("init_algo", ShownJson(std::string(value)),
                    "The init_algo must be uniform, gaussian or d2sampling",
                    "uniform, gaussian, d2sampling", place);
}

absl::Status CheckSnqType(absl::string_view layer_type,
                          const ConfigPlace& place) {
  if (!IsRecurrent(layer_type)) return absl::OkStatus();
  return PlaceError(
      absl::StatusCode::kInvalidArgument, "OPTION_CONFLICT",
      absl::StrCat("snq_quantize is for convolutions and "
                   "InnerProduct, not for layer type ",
                   layer_type, "; use arq_quantize"),
      place, {{"options", "snq_quantize"}, {"type", std::string(layer_type)}});
}

absl::Status ReadPercentile(double value, absl::string_view field,
                            const ConfigPlace& place, float* out) {
  const float narrow = static_cast<float>(value);
  if (value > 0.5 && value <= 1.0 && narrow > 0.5f) {
    *out = narrow;
    return absl::OkStatus();
  }
  return RangeError(field, Shown(value),
                    absl::StrCat("The ", field,
                                 " must be greater than 0.5 and less than or "
                                 "equal to 1.0"),
                    "(0.5, 1]", place);
}

absl::Status ReadChannelWise(bool value, absl::string_view layer_type,
                             const ConfigPlace& place, bool* out) {
  if (!value || AllowsChannelWise(layer_type)) {
    *out = value;
    return absl::OkStatus();
  }
  return RangeError(
      "channel_wise", "true",
      absl::StrCat("The channel_wise must be False for layer type ",
                   layer_type),
      "false", place);
}

absl::Status ReadBnFraction(double value, const ConfigPlace& place,
                            float* out) {
  const auto narrow = static_cast<float>(value);
  if (narrow > 0 && narrow < 1) {
    *out = narrow;
    return absl::OkStatus();
  }
  return RangeError("bn_moving_average_fraction", Shown(value),
                    "The bn_moving_average_fraction must be in (0, 1)",
                    "(0, 1)", place);
}

absl::Status ReadBnIterations(int64_t value, const ConfigPlace& place,
                              int* out) {
  if (value > 0 && value < 1000) {
    *out = static_cast<int>(value);
    return absl::OkStatus();
  }
  return RangeError("bn_update_iterations", absl::StrCat(value),
                    "The bn_update_iterations must be in (0, 1000)",
                    "(0, 1000)", place);
}

absl::Status ReadBnDumpDir(const std::string& value, const ConfigPlace& place,
                           std::string* out) {
  constexpr size_t kMaxBytes = 4096;
  if (!value.empty() && value.size() <= kMaxBytes) {
    *out = value;
    return absl::OkStatus();
  }
  return RangeError("bn_dump_dir", absl::StrCat(value.size(), " bytes"),
                    "The bn_dump_dir must name a folder",
                    absl::StrCat("1 to ", kMaxBytes, " bytes"), place);
}

absl::Status CheckSearchRange(const SearchLimits& limits,
                              const SearchNames& names,
                              const ConfigPlace& place) {
  const std::string allowed =
      absl::StrCat("0 < ", names.start, " < ", names.end);
  const std::string found =
      absl::StrCat("[", Shown(limits.start), ",", Shown(limits.end), "]");
  // As float32, for that is what the search uses.
  const auto start = static_cast<float>(limits.start);
  if (!(start > 0)) {
    return RangeError(names.start_field, found,
                      absl::StrCat(names.start, " must be greater than zero"),
                      allowed, place);
  }
  if (!(limits.end <= std::numeric_limits<float>::max()) ||
      !(start < static_cast<float>(limits.end))) {
    return RangeError(
        names.end_field, found,
        absl::StrCat(names.start, " must be less than ", names.end), allowed,
        place);
  }
  return absl::OkStatus();
}

absl::Status ReadSearch(const SearchLimits& limits, const SearchNames& names,
                        const ConfigPlace& place, ActivationQuantParams* out) {
  constexpr absl::string_view kField = "search_step";
  const double range = limits.end - limits.start;
  const std::string allowed =
      absl::StrCat("(0, ", range, "], at most ", kMaxSearchSteps, " steps");
  std::string rule;
  if (!(static_cast<float>(limits.step) > 0)) {
    rule = "The search_step must be greater than zero";
  } else if (limits.step > range) {
    rule = absl::StrCat("The search_step must be less than or equal to (",
                        names.end, " - ", names.start, ")");
  } else if (range / limits.step > kMaxSearchSteps) {
    rule = "The search_step is too small for the search_range";
  }
  if (!rule.empty()) {
    return RangeError(kField, Shown(limits.step), rule, allowed, place);
  }
  out->search_range_start = static_cast<float>(limits.start);
  out->search_range_end = static_cast<float>(limits.end);
  out->search_step = static_cast<float>(limits.step);
  return absl::OkStatus();
}

}  // namespace quantd
