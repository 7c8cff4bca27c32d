#include "engine/quant/lloyd.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <vector>

namespace quantd {
namespace {

// Quantiles (j + 1/2) / 16 of the standard normal distribution, upper half.
constexpr std::array<double, kNumCentres / 2> kNormalQuantiles = {
    0.0784124127331122, 0.2372021093287877, 0.40225006532172525,
    0.579132162255556,  0.7764217611479276, 1.009990169249582,
    1.3180108973035367, 1.862731867421651};

using Points = absl::Span<const LloydPoint>;

Centres UniformCentres(Points points) {
  const double low = points.front().value;
  const double span = points.back().value - low;
  Centres centres;
  for (int j = 0; j < kNumCentres; ++j) {
    centres[j] = low + j * span / (kNumCentres - 1);
  }
  return centres;
}

Centres GaussianCentres(Points points) {
  double count = 0;
  double sum = 0;
  for (const LloydPoint& point : points) {
    count += static_cast<double>(point.count);
    sum += static_cast<double>(point.count) * point.value;
  }
  const double mean = sum / count;
  double squares = 0;
  for (const LloydPoint& point : points) {
    const double distance = point.value - mean;
    squares += static_cast<double>(point.count) * distance * distance;
  }
  const double deviation = std::sqrt(squares / count);
  const double low = points.front().value;
  const double high = points.back().value;
  Centres centres;
  for (int j = 0; j < kNumCentres / 2; ++j) {
    const double distance = deviation * kNormalQuantiles[j];
    centres[kNumCentres / 2 + j] = std::clamp(mean + distance, low, high);
    centres[kNumCentres / 2 - 1 - j] = std::clamp(mean - distance, low, high);
  }
  return centres;
}

// SplitMix64 (public domain, S. Vigna), mapped to [0, limit) by the high half
// of a 128-bit product.
class Draws {
 public:
  explicit Draws(uint64_t seed) : state_(seed) {}

  uint64_t Below(uint64_t limit) {
    state_ += 0x9E3779B97F4A7C15;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    z ^= z >> 31;
    return static_cast<uint64_t>((static_cast<unsigned __int128>(z) * limit) >>
                                 64);
  }

 private:
  uint64_t state_;
};

// The index drawn with probability proportional to `weights`, whose sum is
// positive.
size_t DrawIndex(const std::vector<uint64_t>& weights, Draws* draws) {
  uint64_t total = 0;
  for (const uint64_t weight : weights) total += weight;
  uint64_t rest = draws->Below(total);
  size_t i = 0;
  while (rest >= weights[i]) rest -= weights[i++];
  return i;
}

Centres SampledCentres(Points points, uint64_t seed) {
  Draws draws(seed);
  // In 1/256, so that weights are whole numbers: at most 2^29 * 2^34 in sum.
  std::vector<int64_t> places;
  std::vector<uint64_t> weights;
  for (const LloydPoint& point : points) {
    places.push_back(static_cast<int64_t>(std::round(point.value * 256)));
    weights.push_back(point.count);
  }
  std::vector<int64_t> distance(points.size(),
                                std::numeric_limits<int64_t>::max());
  Centres centres;
  for (double& centre : centres) {
    const size_t chosen = DrawIndex(weights, &draws);
    centre = points[chosen].value;
    for (size_t i = 0; i < points.size(); ++i) {
      distance[i] = std::min(distance[i], std::abs(places[i] - places[chosen]));
      weights[i] = points[i].count * distance[i] * distance[i];
    }
  }
  std::sort(centres.begin(), centres.end());
  return centres;
}

Centres StartingCentres(Points points, const LloydParams& params) {
  switch (params.init) {
    case LloydInit::kUniform:
      return UniformCentres(points);
    case LloydInit::kGaussian:
      return GaussianCentres(points);
    case LloydInit::kD2Sampling:
      return SampledCentres(points, params.seed);
  }
  return UniformCentres(points);
}

// Where the points of each centre begin: centre j has points ends[j - 1] up to
// ends[j], the first from 0. T is double or int8_t.
template <typename T>
std::vector<size_t> EndsOfClusters(Points points,
                                   const std::vector<T>& centres) {
  std::vector<size_t> ends;
  for (size_t j = 0; j + 1 < centres.size(); ++j) {
    const double middle = (static_cast<double>(centres[j]) +
                           static_cast<double>(centres[j + 1])) /
                          2;
    ends.push_back(
        std::partition_point(
            points.begin() + (ends.empty() ? 0 : ends.back()), points.end(),
            [middle](const LloydPoint& p) { return p.value <= middle; }) -
        points.begin());
  }
  ends.push_back(points.size());
  return ends;
}

// Sums over the points before the i-th: at [i].
struct Prefix {
  double count = 0;
  double sum = 0;
  double squares = 0;
};

std::vector<Prefix> PrefixSums(Points points) {
  std::vector<Prefix> prefixes(points.size() + 1);
  for (size_t i = 0; i < points.size(); ++i) {
    const double count = static_cast<double>(points[i].count);
    const double value = points[i].value;
    prefixes[i + 1].count = prefixes[i].count + count;
    prefixes[i + 1].sum = prefixes[i].sum + count * value;
    prefixes[i + 1].squares = prefixes[i].squares + count * value * value;
  }
  return prefixes;
}

// One round. Returns how far the centres moved in sum.
double MoveCentres(Points points, const std::vector<Prefix>& prefixes,
                   std::vector<double>* centres) {
  const std::vector<size_t> ends = EndsOfClusters(points, *centres);
  std::vector<double> moved = *centres;
  size_t begin = 0;
  for (size_t j = 0; j < moved.size(); ++j) {
    if (ends[j] > begin) {
      moved[j] = (prefixes[ends[j]].sum - prefixes[begin].sum) /
                 (prefixes[ends[j]].count - prefixes[begin].count);
    }
    begin = ends[j];
  }
  std::sort(moved.begin(), moved.end());
  double distance = 0;
  for (size_t j = 0; j < moved.size(); ++j) {
    distance += std::abs(moved[j] - (*centres)[j]);
  }
  *centres = moved;
  return distance;
}

// The best whole centre of points [begin, end), not none, and its squared
// error.
struct WholeCentre {
  int8_t centre;
  double error;
};

WholeCentre CentreOf(const std::vector<Prefix>& prefixes, size_t begin,
                     size_t end) {
  const double count = prefixes[end].count - prefixes[begin].count;
  const double sum = prefixes[end].sum - prefixes[begin].sum;
  const double squares = prefixes[end].squares - prefixes[begin].squares;
  const double centre = std::round(sum / count);
  return {static_cast<int8_t>(centre),
          squares - centre * (2 * sum - centre * count)};
}

// Drops centres without points and moves the others to the rounded mean of
// their points until nothing changes. Returns the ends of their clusters.
std::vector<size_t> Settle(Points points, const std::vector<Prefix>& prefixes,
                           std::vector<int8_t>* centres) {
  constexpr int kMaxRounds = 1000;  // Far more than it takes.
  std::vector<size_t> ends;
  for (int round = 0; round < kMaxRounds; ++round) {
    centres->erase(std::unique(centres->begin(), centres->end()),
                   centres->end());
    ends = EndsOfClusters(points, *centres);
    std::vector<int8_t> moved;
    size_t begin = 0;
    for (const size_t end : ends) {
      if (end > begin) moved.push_back(CentreOf(prefixes, begin, end).centre);
      begin = end;
    }
    if (moved == *centres) break;
    *centres = moved;
  }
  return ends;
}

// Replaces the centre whose two halves lower the squared error most by theirs.
// False if that lowers it nowhere.
bool SplitOne(const std::vector<Prefix>& prefixes,
              const std::vector<size_t>& ends, std::vector<int8_t>* centres) {
  double best_gain = 0;
  size_t best = 0;
  int8_t lower = 0;
  int8_t upper = 0;
  size_t begin = 0;
  for (size_t j = 0; j < ends.size(); ++j) {
    const double whole = CentreOf(prefixes, begin, ends[j]).error;
    for (size_t middle = begin + 1; middle < ends[j]; ++middle) {
      const WholeCentre a = CentreOf(prefixes, begin, middle);
      const WholeCentre b = CentreOf(prefixes, middle, ends[j]);
      if (a.centre < b.centre && whole - a.error - b.error > best_gain) {
        best_gain = whole - a.error - b.error;
        best = j;
        lower = a.centre;
        upper = b.centre;
      }
    }
    begin = ends[j];
  }
  if (best_gain <= 0) return false;
  (*centres)[best] = lower;
  centres->insert(centres->begin() + best + 1, upper);
  return true;
}

}  // namespace

LloydResult LloydClusters(absl::Span<const LloydPoint> points,
                          const LloydParams& params) {
  LloydResult result;
  if (points.empty()) return result;
  if (points.size() <= kNumCentres) {
    for (size_t j = 0; j < kNumCentres; ++j) {
      result.centres[j] = points[std::min(j, points.size() - 1)].value;
    }
    return result;
  }
  const std::vector<Prefix> prefixes = PrefixSums(points);
  const Centres start = StartingCentres(points, params);
  std::vector<double> centres(start.begin(), start.end());
  while (result.iterations < params.max_iteration) {
    ++result.iterations;
    if (MoveCentres(points, prefixes, &centres) < params.min_distance) break;
  }
  std::copy(centres.begin(), centres.end(), result.centres.begin());
  return result;
}

std::array<int8_t, kNumCentres> WholeCentres(
    absl::Span<const LloydPoint> points, const Centres& centres) {
  std::vector<int8_t> whole;
  for (const double centre : centres) {
    whole.push_back(static_cast<int8_t>(std::round(centre)));
  }
  if (!points.empty()) {
    const std::vector<Prefix> prefixes = PrefixSums(points);
    std::vector<size_t> ends = Settle(points, prefixes, &whole);
    while (whole.size() < kNumCentres && SplitOne(prefixes, ends, &whole)) {
      ends = Settle(points, prefixes, &whole);
    }
  }
  std::array<int8_t, kNumCentres> result;
  for (size_t j = 0; j < kNumCentres; ++j) {
    result[j] = whole[std::min(j, whole.size() - 1)];
  }
  return result;
}

}  // namespace quantd
