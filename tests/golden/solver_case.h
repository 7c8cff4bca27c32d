// Cases of kind "solver": ten iterations of BVLC Caffe's solvers, and the
// snapshot that Caffe took after them, which we go on from.
#ifndef QUANTD_TESTS_GOLDEN_SOLVER_CASE_H_
#define QUANTD_TESTS_GOLDEN_SOLVER_CASE_H_

#include "absl/status/status.h"
#include "tests/golden/caffe_case.h"

namespace quantd {

// Trains from the case's first weights and compares each loss, the weights
// after some iterations, and our snapshot (weights, histories, layers) with
// Caffe's; then goes on one iteration from both and compares the weights.
// Errors: INTERNAL for what differs; UNIMPLEMENTED if a layer of the net has no
// backward pass.
absl::Status RunSolverCase(const CaffeCase& test_case);

}  // namespace quantd

#endif  // QUANTD_TESTS_GOLDEN_SOLVER_CASE_H_
