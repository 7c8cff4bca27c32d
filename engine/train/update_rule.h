// How a solver turns a gradient into a new value: one rule per solver type.
// Source: BVLC Caffe, src/caffe/solvers/.
#ifndef QUANTD_ENGINE_TRAIN_UPDATE_RULE_H_
#define QUANTD_ENGINE_TRAIN_UPDATE_RULE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// One blob in one update. All spans have the same size.
struct BlobUpdate {
  absl::Span<float> value;
  // In: the gradient. Out: what was subtracted from `value`.
  absl::Span<float> diff;
  // The solver's memory of this blob: one or two histories, zero at first.
  float* history = nullptr;
  float* history2 = nullptr;
  float rate = 0;         // Learning rate times lr_mult.
  float decay = 0;        // weight_decay times decay_mult.
  float diff_factor = 1;  // Applied to the gradient first (1 / iter_size).
  bool l1 = false;        // Regularizes by |w| instead of w^2 / 2.
  int iter = 0;           // From 0.
};

struct UpdateRule {
  const char* type;  // SolverParameter.type
  int num_histories;
  bool takes_momentum;
  // g = diff * diff_factor, plus decay * value (L2) or decay * sign(value)
  // (L1); the rule's step of g is subtracted from value.
  void (*update)(const caffe::SolverParameter& solver,
                 const BlobUpdate& update);
};

// Errors: INVALID_ARGUMENT, SOLVER_INVALID for an unknown type, and for fields
// that the type cannot take.
absl::StatusOr<const UpdateRule*> FindUpdateRule(
    const caffe::SolverParameter& solver);

// The types, sorted.
std::vector<std::string> SolverTypes();

}  // namespace quantd

#endif  // QUANTD_ENGINE_TRAIN_UPDATE_RULE_H_
