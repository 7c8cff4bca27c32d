#include "engine/quant/snq.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/quant/arq.h"
#include "engine/quant/checks.h"

namespace quantd {
namespace {

constexpr int kMinIterations = 500;
constexpr int kMaxIterations = 2000;
constexpr double kMinMinDistance = 1e-10;
constexpr double kMaxMinDistance = 1e-3;

absl::Status CheckParams(const SnqParams& params) {
  if (params.max_iteration < kMinIterations ||
      params.max_iteration > kMaxIterations) {
    return BadOption("max_iteration", params.max_iteration,
                     absl::StrCat(kMinIterations, "..", kMaxIterations));
  }
  if (!(params.min_distance >= kMinMinDistance) ||
      !(params.min_distance <= kMaxMinDistance)) {
    return BadOption("min_distance", params.min_distance, "1e-10..1e-3");
  }
  return absl::OkStatus();
}

// ARQ's scales of the blocks.
absl::StatusOr<std::vector<float>> ArqScales(absl::Span<const float> weights,
                                             int64_t num_blocks, int num_bits) {
  ArqParams params;
  params.num_bits = num_bits;
  params.num_scales = num_blocks;
  params.channel_wise = true;
  ASSIGN_OR_RETURN(WeightFactors factors, ArqSearch<float>(weights, params));
  return std::move(factors.scale);
}

// round(w / scale), clipped to n bits, half away from zero.
double UniformCode(float weight, float scale, int num_bits) {
  // The largest value below one half: adding it and truncating is rounding.
  constexpr double kHalf = 0x1.fffffffffffffp-2;
  const double levels = 1 << (num_bits - 1);
  const double steps =
      std::clamp(static_cast<double>(weight) / static_cast<double>(scale),
                 -levels, levels - 1);
  return static_cast<double>(
      static_cast<int32_t>(steps + std::copysign(kHalf, steps)));
}

double SquaredError(float weight, double code, float scale) {
  const double error = static_cast<double>(static_cast<float>(code) * scale) -
                       static_cast<double>(weight);
  return error * error;
}

double UniformSquaredError(absl::Span<const float> weights, float scale) {
  double sum = 0;
  for (const float weight : weights) {
    sum += SquaredError(weight, UniformCode(weight, scale, 4), scale);
  }
  return sum;
}

constexpr int kFractionBits = 20;
constexpr int kBinBits = 8;

// w / scale, clipped to [-128, 127], in 2^-20.
int64_t FixedSteps(float weight, float scale) {
  const double steps =
      std::clamp(static_cast<double>(weight) / static_cast<double>(scale),
                 -128.0, 127.0) *
      (1 << kFractionBits);
  return static_cast<int64_t>(steps + std::copysign(0.5, steps));
}

// The bin of 1/256 step, -32768 and up.
int64_t BinOf(int64_t fixed) { return fixed >> (kFractionBits - kBinBits); }

LloydPoint MeanPoint(int64_t sum, int64_t count) {
  return {static_cast<double>(sum) / static_cast<double>(count) /
              (1 << kFractionBits),
          count};
}

std::vector<LloydPoint> SortedPoints(absl::Span<const float> weights,
                                     float scale) {
  std::vector<int64_t> values;
  values.reserve(weights.size());
  for (const float weight : weights) {
    values.push_back(FixedSteps(weight, scale));
  }
  std::sort(values.begin(), values.end());
  std::vector<LloydPoint> points;
  for (size_t begin = 0, end = 0; begin < values.size(); begin = end) {
    int64_t sum = 0;
    while (end < values.size() && BinOf(values[end]) == BinOf(values[begin])) {
      sum += values[end++];
    }
    points.push_back(MeanPoint(sum, static_cast<int64_t>(end - begin)));
  }
  return points;
}

std::vector<LloydPoint> HistogramPoints(absl::Span<const float> weights,
                                        float scale) {
  constexpr int64_t kLowestBin = -128 * (1 << kBinBits);
  struct Bin {
    int64_t count = 0;
    int64_t sum = 0;
  };
  std::vector<Bin> bins(256 << kBinBits);
  for (const float weight : weights) {
    const int64_t fixed = FixedSteps(weight, scale);
    Bin& bin = bins[BinOf(fixed) - kLowestBin];
    ++bin.count;
    bin.sum += fixed;
  }
  std::vector<LloydPoint> points;
  for (const Bin& bin : bins) {
    if (bin.count > 0) points.push_back(MeanPoint(bin.sum, bin.count));
  }
  return points;
}

// The weights in steps of `scale`, clipped to [-128, 127], as points: those
// that are equal but for 1/256 become their mean. Sums are of whole multiples
// of 2^-20, so both ways give the same.
std::vector<LloydPoint> PointsOf(absl::Span<const float> weights, float scale) {
  constexpr size_t kFewWeights = 16384;  // Faster sorted than counted.
  return weights.size() < kFewWeights ? SortedPoints(weights, scale)
                                      : HistogramPoints(weights, scale);
}

// The different 8-bit codes of `points` if there are at most 16, else nothing.
std::vector<LloydPoint> FewCodes(const std::vector<LloydPoint>& points) {
  std::vector<LloydPoint> codes;
  for (const LloydPoint& point : points) {
    const double code = std::round(point.value);
    if (codes.empty() || codes.back().value != code) codes.push_back({code, 1});
    if (codes.size() > kNumCentres) return {};
  }
  return codes;
}

// Finds the centre of a value in steps of the scale.
class NearestCentre {
 public:
  explicit NearestCentre(const std::array<int8_t, kNumCentres>& centres) {
    for (int j = 0; j < kNumCentres; ++j) {
      first_[j] = j > 0 && centres[j] == centres[j - 1]
                      ? first_[j - 1]
                      : static_cast<uint8_t>(j);
      if (j > 0) middle_[j - 1] = (centres[j - 1] + centres[j]) / 2.0;
    }
  }

  uint8_t Of(double value) const {
    int above = 0;
    for (const double middle : middle_) above += value > middle;
    return first_[above];
  }

 private:
  std::array<double, kNumCentres - 1> middle_;
  std::array<uint8_t, kNumCentres> first_;  // Of equal centres.
};

// The centres for `points`, and the block's error with them.
SnqBlock ClusterBlock(absl::Span<const float> weights, float scale,
                      const std::vector<LloydPoint>& points,
                      const LloydParams& params) {
  SnqBlock block;
  block.scale = scale;
  const std::vector<LloydPoint> few = FewCodes(points);
  const LloydResult clusters =
      LloydClusters(few.empty() ? points : few, params);
  block.iterations = clusters.iterations;
  block.centres = WholeCentres(few.empty() ? points : few, clusters.centres);
  const NearestCentre nearest(block.centres);
  for (const float weight : weights) {
    const uint8_t code =
        nearest.Of(static_cast<double>(weight) / static_cast<double>(scale));
    block.squared_error += SquaredError(weight, block.centres[code], scale);
  }
  return block;
}

SnqBlock SearchBlock(absl::Span<const float> weights, float scale,
                     double uniform_error, const LloydParams& params) {
  const std::vector<LloydPoint> points = PointsOf(weights, scale);
  SnqBlock block = ClusterBlock(weights, scale, points, params);
  if (block.squared_error > uniform_error &&
      params.init != LloydInit::kUniform) {
    LloydParams uniform = params;
    uniform.init = LloydInit::kUniform;
    const SnqBlock other = ClusterBlock(weights, scale, points, uniform);
    if (other.squared_error < block.squared_error) {
      block = other;
      block.fell_back = true;
    }
  }
  block.worse_than_uniform = block.squared_error > uniform_error;
  return block;
}

void WriteCodes(absl::Span<const float> weights, const SnqBlock& block,
                uint8_t* codes) {
  const NearestCentre nearest(block.centres);
  for (size_t i = 0; i < weights.size(); ++i) {
    codes[i] = nearest.Of(static_cast<double>(weights[i]) /
                          static_cast<double>(block.scale));
  }
}

}  // namespace

absl::StatusOr<SnqWeights> SnqSearch(absl::Span<const float> weights,
                                     const SnqParams& params) {
  RETURN_IF_ERROR(CheckParams(params));
  // Checks the weights, too.
  ASSIGN_OR_RETURN(std::vector<float> scales,
                   ArqScales(weights, params.num_blocks, 8));
  if (!params.scales.empty()) {
    if (params.scales.size() != scales.size()) {
      return BadOption("scales", params.scales.size(),
                       absl::StrCat(scales.size()));
    }
    scales.assign(params.scales.begin(), params.scales.end());
  }
  // Weights can be too large for a 4-bit scale only; then there is nothing to
  // compare with.
  const absl::StatusOr<std::vector<float>> uniform_scales =
      ArqScales(weights, params.num_blocks, 4);
  const size_t size = weights.size() / scales.size();
  SnqWeights result;
  result.blocks.resize(scales.size());
  result.codes.resize(weights.size());
#pragma omp parallel for schedule(dynamic)
  for (int64_t c = 0; c < params.num_blocks; ++c) {
    const absl::Span<const float> block = weights.subspan(c * size, size);
    LloydParams lloyd;
    lloyd.init = params.init;
    lloyd.max_iteration = params.max_iteration;
    lloyd.min_distance = params.min_distance;
    lloyd.seed = params.seed + static_cast<uint64_t>(c);
    const double uniform_error =
        uniform_scales.ok() ? UniformSquaredError(block, (*uniform_scales)[c])
                            : std::numeric_limits<double>::infinity();
    result.blocks[c] = SearchBlock(block, scales[c], uniform_error, lloyd);
    WriteCodes(block, result.blocks[c], result.codes.data() + c * size);
  }
  return result;
}

std::vector<int8_t> SnqIntegers(const SnqWeights& weights) {
  std::vector<int8_t> integers(weights.codes.size());
  const size_t size =
      integers.size() / std::max<size_t>(weights.blocks.size(), 1);
  for (size_t i = 0; i < integers.size(); ++i) {
    integers[i] = weights.blocks[i / size].centres[weights.codes[i]];
  }
  return integers;
}

std::vector<float> SnqFakeWeights(const SnqWeights& weights) {
  std::vector<float> fake(weights.codes.size());
  const size_t size = fake.size() / std::max<size_t>(weights.blocks.size(), 1);
  for (size_t i = 0; i < fake.size(); ++i) {
    const SnqBlock& block = weights.blocks[i / size];
    fake[i] = static_cast<float>(block.centres[weights.codes[i]]) * block.scale;
  }
  return fake;
}

}  // namespace quantd
