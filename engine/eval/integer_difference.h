// How far two versions of an array of integers are from each other.
#ifndef QUANTD_ENGINE_EVAL_INTEGER_DIFFERENCE_H_
#define QUANTD_ENGINE_EVAL_INTEGER_DIFFERENCE_H_

#include <cstdint>
#include <cstdlib>

#include "absl/types/span.h"

namespace quantd {

// Counts over any number of calls.
//
// Threads: compatible, not safe.
class IntegerDifference {
 public:
  // The difference of the two must fit int64. `unit`, at least 1: what counts
  // as one step; less is no difference.
  void Add(int64_t a, int64_t b, int64_t unit = 1) {
    const int64_t steps = std::abs(a - b) / unit;
    ++num_elements_;
    num_differing_ += steps > 0;
    if (steps > max_steps_) max_steps_ = steps;
  }
  // Of the same size.
  void Add(absl::Span<const int16_t> a, absl::Span<const int16_t> b) {
    for (std::size_t i = 0; i < a.size(); ++i) Add(a[i], b[i]);
  }

  int64_t num_elements() const { return num_elements_; }
  int64_t num_differing() const { return num_differing_; }
  // Largest |a - b|, in steps.
  int64_t max_steps() const { return max_steps_; }

 private:
  int64_t num_elements_ = 0;
  int64_t num_differing_ = 0;
  int64_t max_steps_ = 0;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_EVAL_INTEGER_DIFFERENCE_H_
