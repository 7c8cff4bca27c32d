// What an Accuracy layer gives, over batches of any sizes.
#ifndef QUANTD_ENGINE_EVAL_ACCURACY_COUNT_H_
#define QUANTD_ENGINE_EVAL_ACCURACY_COUNT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "engine/core/tensor.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// Counts positions as Caffe's Accuracy layer does: one is correct if fewer than
// top_k other classes score at least as much as its label. The layer's own
// result is the share in one batch; the mean of those weighs positions
// unequally when batches differ in size or in ignored labels, a count does not.
//
// Threads: compatible, not safe.
class AccuracyCount {
 public:
  // accuracy_param: top_k, axis, ignore_label.
  explicit AccuracyCount(const caffe::AccuracyParameter& param)
      : param_(param) {}

  // Takes in a batch. All have the same number of classes.
  // Errors: INVALID_ARGUMENT, LAYER_SHAPE_INVALID for shapes that do not fit
  // the axis or the batches before; LABEL_OUT_OF_RANGE.
  absl::Status Add(const Tensor& scores, const Tensor& labels);

  // Without ignored ones.
  int64_t num_positions() const;
  // Share of correct positions, [0, 1]; 0 without positions.
  double accuracy() const;
  // The same by class.
  std::vector<double> class_accuracies() const;

 private:
  const caffe::AccuracyParameter param_;
  std::vector<int64_t> num_all_;  // By class.
  std::vector<int64_t> num_correct_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_EVAL_ACCURACY_COUNT_H_
