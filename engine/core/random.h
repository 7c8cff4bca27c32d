// Random numbers: our own, so that they are the same everywhere.
#ifndef QUANTD_ENGINE_CORE_RANDOM_H_
#define QUANTD_ENGINE_CORE_RANDOM_H_

#include <cstdint>

namespace quantd {

// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number
// generators, 2014), one independent stream for each (seed, stream): what an
// image or a pass gets depends on the seed and on its number, not on who drew
// numbers meanwhile. It is not BVLC's sequence.
class Random {
 public:
  Random(uint64_t seed, uint64_t stream) : state_(Mix(Mix(seed) + stream)) {}

  uint64_t Next() {
    state_ += kGamma;
    return Mix(state_);
  }
  // In [0, n). n > 0, small beside 2^64.
  int64_t Below(int64_t n) {
    return static_cast<int64_t>(Next() % static_cast<uint64_t>(n));
  }
  // In [0, 1), a multiple of 2^-53.
  double Uniform() { return static_cast<double>(Next() >> 11) * 0x1p-53; }

 private:
  static constexpr uint64_t kGamma = 0x9e3779b97f4a7c15u;

  static uint64_t Mix(uint64_t z) {
    z += kGamma;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  uint64_t state_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_CORE_RANDOM_H_
