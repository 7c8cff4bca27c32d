// A decoded image or array, before the transformation to a net's input.
#ifndef QUANTD_ENGINE_DATA_IMAGE_H_
#define QUANTD_ENGINE_DATA_IMAGE_H_

#include <cstdint>
#include <vector>

namespace quantd {

// Planar (channel, row, column); colour channels in the order B, G, R.
// Exactly one of `bytes` and `floats` has channels * height * width elements,
// the other is empty.
struct Image {
  int64_t channels = 0;
  int64_t height = 0;
  int64_t width = 0;
  std::vector<uint8_t> bytes;
  std::vector<float> floats;

  int64_t num_elements() const { return channels * height * width; }
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_DATA_IMAGE_H_
