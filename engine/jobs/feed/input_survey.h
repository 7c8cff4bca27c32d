// What went into a net: range, constant images, and which images two data sets
// share.
#ifndef QUANTD_ENGINE_JOBS_FEED_INPUT_SURVEY_H_
#define QUANTD_ENGINE_JOBS_FEED_INPUT_SURVEY_H_

#include <cstdint>
#include <vector>

#include "engine/core/tensor.h"

namespace quantd {

// Looks at the inputs of one pass over a data set.
//
// Threads: compatible, not safe.
// Memory: 8 bytes per image.
class InputSurvey {
 public:
  // Takes in the `count` images that make up `input`.
  void Add(const Tensor& input, int64_t count);

  int64_t num_images() const {
    return static_cast<int64_t>(fingerprints_.size());
  }
  // Of all values; 0 without images.
  float min() const { return min_; }
  float max() const { return max_; }
  // Images all of whose values are equal.
  int64_t num_constant() const { return num_constant_; }
  // How many of this survey's images `other` saw too, bit for bit. (By 64-bit
  // fingerprints: chance makes one of 2^64 pairs equal.)
  int64_t CountSharedWith(const InputSurvey& other) const;

 private:
  std::vector<uint64_t> fingerprints_;
  float min_ = 0.0f;
  float max_ = 0.0f;
  int64_t num_constant_ = 0;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_FEED_INPUT_SURVEY_H_
