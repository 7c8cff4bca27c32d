#include "engine/kernels/channel_moments.h"

namespace quantd {

ChannelMoments ChannelLayout::MomentsOf(const float* x, int64_t channel) const {
  const double count = static_cast<double>(items * pixels);
  double sum = 0;
  for (int64_t n = 0; n < items; ++n) {
    const float* plane = x + (n * channels + channel) * pixels;
    for (int64_t i = 0; i < pixels; ++i) sum += plane[i];
  }
  const double mean = sum / count;
  double squares = 0;
  for (int64_t n = 0; n < items; ++n) {
    const float* plane = x + (n * channels + channel) * pixels;
    for (int64_t i = 0; i < pixels; ++i) {
      squares += (plane[i] - mean) * (plane[i] - mean);
    }
  }
  return {mean, squares / count};
}

ChannelSums ChannelLayout::SumsOf(const float* dy, const float* x, float mean,
                                  int64_t channel) const {
  ChannelSums sums;
  for (int64_t n = 0; n < items; ++n) {
    const int64_t begin = (n * channels + channel) * pixels;
    for (int64_t i = begin; i < begin + pixels; ++i) {
      sums.dy += dy[i];
      sums.product += static_cast<double>(dy[i]) * (x[i] - mean);
    }
  }
  return sums;
}

}  // namespace quantd
