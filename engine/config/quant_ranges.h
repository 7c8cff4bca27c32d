// The ranges of the values that both forms of the configuration have,
// config.json and the simplified one, with AMCT's words for what is outside
// (the SS928 user guide's tables of the parameters).
#ifndef QUANTD_ENGINE_CONFIG_QUANT_RANGES_H_
#define QUANTD_ENGINE_CONFIG_QUANT_RANGES_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "engine/config/config_place.h"
#include "engine/config/quant_config.h"

namespace quantd {

// All return INVALID_ARGUMENT, OPTION_OUT_OF_RANGE at `place` for a value out
// of range, NaN included, and leave `out` alone then.

// [1, 2^31).
absl::Status ReadBatchNum(int64_t value, const ConfigPlace& place,
                          int64_t* out);
// num_bits of data, [8, 16].
absl::Status ReadDataBits(int64_t value, const ConfigPlace& place, int* out);
// num_bits of uniform weights, 8.
absl::Status ReadWeightBits(int64_t value, const ConfigPlace& place, int* out);
// max_percentile and min_percentile, (0.5, 1].
absl::Status ReadPercentile(double value, absl::string_view field,
                            const ConfigPlace& place, float* out);
// False for the types without channels; see AllowsChannelWise().
absl::Status ReadChannelWise(bool value, absl::string_view layer_type,
                             const ConfigPlace& place, bool* out);
// (0, 1).
absl::Status CheckBnFraction(double value, const ConfigPlace& place);
// (0, 1000).
absl::Status CheckBnIterations(int64_t value, const ConfigPlace& place);

// The search's limits as the file has them: differences of their float32 values
// would refuse a step that equals the range.
struct SearchLimits {
  double start = 0.7;
  double end = 1.3;
  double step = 0.01;
};

// How a form of the configuration names the limits.
struct SearchNames {
  absl::string_view start;        // In messages.
  absl::string_view end;          // In messages.
  absl::string_view start_field;  // In metadata.
  absl::string_view end_field;    // In metadata.
};

// 0 < start < end, also as float32.
absl::Status CheckSearchRange(const SearchLimits& limits,
                              const SearchNames& names,
                              const ConfigPlace& place);
// 0 < step <= end - start, at most 1e6 steps.
absl::Status ReadSearch(const SearchLimits& limits, const SearchNames& names,
                        const ConfigPlace& place, ActivationQuantParams* out);

}  // namespace quantd

#endif  // QUANTD_ENGINE_CONFIG_QUANT_RANGES_H_
