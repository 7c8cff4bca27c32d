// Finds the class scores of a classification network.
#ifndef QUANTD_ENGINE_JOBS_ACCURACY_SCORE_OUTPUT_H_
#define QUANTD_ENGINE_JOBS_ACCURACY_SCORE_OUTPUT_H_

#include <string>

#include "absl/status/statusor.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// A blob of shape (N, C) or (N, C, 1, 1).
struct ScoreOutput {
  std::string blob;
  // The scores are a Softmax's result; otherwise they go into one.
  bool is_probability = false;
};

// The last SoftmaxWithLoss' or Softmax' scores; without them the scores that an
// Accuracy layer reads, or else the only output.
// Errors: FAILED_PRECONDITION, BLOB_NOT_FOUND if there is none of these.
absl::StatusOr<ScoreOutput> FindScoreOutput(const caffe::NetParameter& net);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_ACCURACY_SCORE_OUTPUT_H_
