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

absl::Status ReadWeightBits(int64_t value, const ConfigPlace& place, int* out) {
  return ReadBits(value, 8, 8, place, out);
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

absl::Status CheckBnFraction(double value, const ConfigPlace& place) {
  if (value > 0 && value < 1) return absl::OkStatus();
  return RangeError("bn_moving_average_fraction", Shown(value),
                    "The bn_moving_average_fraction must be in (0, 1)",
                    "(0, 1)", place);
}

absl::Status CheckBnIterations(int64_t value, const ConfigPlace& place) {
  if (value > 0 && value < 1000) return absl::OkStatus();
  return RangeError("bn_update_iterations", absl::StrCat(value),
                    "The bn_update_iterations must be in (0, 1000)",
                    "(0, 1000)", place);
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
