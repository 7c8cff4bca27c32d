// Classification accuracy over batches: top-1, top-5 and mean cross-entropy.
#ifndef QUANTD_ENGINE_EVAL_TOP_K_H_
#define QUANTD_ENGINE_EVAL_TOP_K_H_

#include <cstdint>

#include "absl/status/status.h"
#include "engine/core/tensor.h"

namespace quantd {

// What a score blob holds.
enum class ScoreKind {
  kUnknown,        // Decided from the first batch.
  kProbabilities,  // Rows of values in [0, 1] that sum to 1.
  kLogits,         // Anything else: cross-entropy applies softmax first.
};

// Accumulates the accuracy of a classifier.
// A row counts as correct in top-k if its true class is among the first k by
// score, the lower class first where scores are equal: what argmax gives, and
// so what an application sees. Caffe's Accuracy layer counts every tie as
// wrong, which differs once scores are quantized; num_ties() tells by how much.
//
// Threads: compatible, not safe.
class TopK {
 public:
  // kUnknown: kProbabilities if every row of the first batch is one within
  // 1e-3, kLogits otherwise.
  explicit TopK(ScoreKind kind = ScoreKind::kUnknown) : kind_(kind) {}

  // Adds a batch: `scores` (N,C), or with further axes of size 1; `labels` of N
  // elements, whole numbers in [0, C).
  // Errors: INVALID_ARGUMENT, EVALUATION_INPUT_INVALID for other shapes,
  // labels or NaN scores; then nothing is counted.
  absl::Status Add(const Tensor& scores, const Tensor& labels);

  ScoreKind score_kind() const { return kind_; }
  int64_t num_images() const { return num_images_; }
  // Images whose true class shares its score with another.
  int64_t num_ties() const { return num_ties_; }
  // Fractions in [0, 1]; 0 without images.
  double top1() const { return Mean(num_top1_); }
  double top5() const { return Mean(num_top5_); }
  // Mean of -ln p(true class), p at least FLT_MIN; 0 without images.
  double mean_cross_entropy() const { return Mean(cross_entropy_); }

 private:
  double Mean(double sum) const {
    return num_images_ == 0 ? 0 : sum / static_cast<double>(num_images_);
  }

  ScoreKind kind_;
  int64_t num_images_ = 0;
  int64_t num_ties_ = 0;
  double num_top1_ = 0;
  double num_top5_ = 0;
  double cross_entropy_ = 0;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_EVAL_TOP_K_H_
