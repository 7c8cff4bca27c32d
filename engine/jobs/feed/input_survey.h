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
  // Of all values of one input; 0 without images.
  struct Range {
    float min = 0.0f;
    float max = 0.0f;
    // Images all of whose values are equal.
    int64_t num_constant = 0;
  };

  // Takes in `count` images, which make up each of the net's `inputs`; always
  // the same ones in the same order.
  void Add(const std::vector<const Tensor*>& inputs, int64_t count);

  int64_t num_images() const {
    return static_cast<int64_t>(fingerprints_.size());
  }
  // By input; empty before the first Add().
  const std::vector<Range>& ranges() const { return ranges_; }
  // How many of this survey's images `other` saw too, bit for bit in all
  // inputs. (By 64-bit fingerprints: chance makes one of 2^64 pairs equal.)
  int64_t CountSharedWith(const InputSurvey& other) const;

 private:
  std::vector<uint64_t> fingerprints_;
  std::vector<Range> ranges_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_FEED_INPUT_SURVEY_H_
