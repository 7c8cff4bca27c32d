// Sums over one channel of (items, channels, pixels), in double precision: what
// normalizing a batch and its gradient need.
#ifndef QUANTD_ENGINE_KERNELS_CHANNEL_MOMENTS_H_
#define QUANTD_ENGINE_KERNELS_CHANNEL_MOMENTS_H_

#include <cstdint>

namespace quantd {

struct ChannelMoments {
  double mean = 0;
  double variance = 0;  // The biased one.
};

struct ChannelSums {
  double dy = 0;
  double product = 0;  // Of dy and the centred x.
};

// An array of items x channels x pixels; not empty.
struct ChannelLayout {
  int64_t items = 1;
  int64_t channels = 1;
  int64_t pixels = 1;

  ChannelMoments MomentsOf(const float* x, int64_t channel) const;

  // The sums of dy and of dy * (x - mean).
  ChannelSums SumsOf(const float* dy, const float* x, float mean,
                     int64_t channel) const;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_CHANNEL_MOMENTS_H_
