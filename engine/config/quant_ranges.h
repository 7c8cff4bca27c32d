// The ranges of the values that both forms of the configuration have,
// config.json and the simplified one, with AMCT's words for what is outside
// (the SS928 user guide's tables of the parameters).
#ifndef QUANTD_ENGINE_CONFIG_QUANT_RANGES_H_
#define QUANTD_ENGINE_CONFIG_QUANT_RANGES_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "engine/config/config_place.h"
#include "engine/config/quant_config.h"
#include "engine/quant/lloyd.h"

namespace quantd {

// All but CheckSnqType() return INVALID_ARGUMENT, OPTION_OUT_OF_RANGE at
// `place` for a value out of range, NaN included, and leave `out` alone then.

// [1, 2^31).
absl::Status ReadBatchNum(int64_t value, const ConfigPlace& place,
                          int64_t* out);
// num_bits of data, [8, 16].
absl::Status ReadDataBits(int64_t value, const ConfigPlace& place, int* out);
// num_bits of weights: 8 for uniform ones, 4 for the others.
absl::Status ReadWeightBits(int64_t value, WeightAlgorithm algorithm,
                            const ConfigPlace& place, int* out);
// max_iteration of SNQ, [500, 2000].
absl::Status ReadMaxIteration(int64_t value, const ConfigPlace& place,
                              int* out);
// min_distance of SNQ, [1e-10, 1e-3].
absl::Status ReadMinDistance(double value, const ConfigPlace& place,
                             float* out);
// init_algo of SNQ: uniform, gaussian or d2sampling.
absl::Status ReadInitAlgo(absl::string_view value, const ConfigPlace& place,
                          LloydInit* out);
// SNQ is for convolutions and InnerProduct; for a recurrent layer_type this is
// INVALID_ARGUMENT, OPTION_CONFLICT instead.
absl::Status CheckSnqType(absl::string_view layer_type,
                          const ConfigPlace& place);
// max_percentile and min_percentile, (0.5, 1].
absl::Status ReadPercentile(double value, absl::string_view field,
                            const ConfigPlace& place, float* out);
// False for the types without channels; see AllowsChannelWise().
absl::Status ReadChannelWise(bool value, absl::string_view layer_type,
                             const ConfigPlace& place, bool* out);
// bn_moving_average_fraction, (0, 1).
absl::Status ReadBnFraction(double value, const ConfigPlace& place, float* out);
// bn_update_iterations, (0, 1000).
absl::Status ReadBnIterations(int64_t value, const ConfigPlace& place,
                              int* out);
// bn_dump_dir: not empty, at most 4096 bytes.
absl::Status ReadBnDumpDir(const std::string& value, const ConfigPlace& place,
                           std::string* out);

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
