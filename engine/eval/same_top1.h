// Whether two networks choose the same classes.
#ifndef QUANTD_ENGINE_EVAL_SAME_TOP1_H_
#define QUANTD_ENGINE_EVAL_SAME_TOP1_H_

#include <cstdint>

#include "engine/core/tensor.h"

namespace quantd {

struct Top1Counts {
  int64_t num_images = 0;
  int64_t num_same = 0;
  // Another class, but one of the two has the same score for both.
  int64_t num_tied = 0;
};

// Of how many images (axis 0) the largest score, the first of equals, is at the
// same place in `a` and `b`. None if they have no images or another size.
Top1Counts CompareTop1(const Tensor& a, const Tensor& b);

}  // namespace quantd

#endif  // QUANTD_ENGINE_EVAL_SAME_TOP1_H_
