// How far two versions of a blob are from each other, over batches.
#ifndef QUANTD_ENGINE_EVAL_BLOB_DIFFERENCE_H_
#define QUANTD_ENGINE_EVAL_BLOB_DIFFERENCE_H_

#include <cstdint>

#include "absl/types/span.h"

namespace quantd {

// Sums in double; depends on the sequence of values alone, not on how it is cut
// into calls of whole multiples of kBlock values.
//
// Threads: compatible, not safe.
class BlobDifference {
 public:
  static constexpr size_t kBlock = 256;
  static constexpr double kMaxSqnrDb = 200;

  // Takes in `x` and what stands for it, `q`, of the same size.
  void Add(absl::Span<const float> x, absl::Span<const float> q);

  int64_t count() const { return count_; }
  // x.q / (|x| |q|), in [-1, 1]; 1 if both are zero, 0 if one is.
  double cosine() const;
  // 10 log10(sum x^2 / sum (x - q)^2) in dB, within +-kMaxSqnrDb; kMaxSqnrDb if
  // x equals q.
  double sqnr_db() const;
  // |x - q|; NaN or infinity if one was among the values. 0 without values.
  double max_error() const { return max_error_; }
  double mean_error() const;
  // Range of x; 0 without values.
  float min() const { return count_ == 0 ? 0 : min_; }
  float max() const { return count_ == 0 ? 0 : max_; }

 private:
  int64_t count_ = 0;
  double xx_ = 0;
  double qq_ = 0;
  double xq_ = 0;
  double squared_error_ = 0;
  double error_ = 0;
  double max_error_ = 0;
  float min_ = 0;
  float max_ = 0;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_EVAL_BLOB_DIFFERENCE_H_
