// Trajectories of BVLC Caffe's solvers, run by ours.
#ifndef QUANTD_TESTS_GOLDEN_SOLVER_CASE_H_
#define QUANTD_TESTS_GOLDEN_SOLVER_CASE_H_

#include "absl/status/status.h"
#include "tests/golden/caffe_case.h"

namespace quantd {

// Trains from the case's weights on its one batch and compares every loss, the
// blobs after the iterations that have files, and what Caffe's own snapshot
// gives when ours is restored from it. OK, or what differs.
absl::Status RunSolverCase(const CaffeCase& test_case);

}  // namespace quantd

#endif  // QUANTD_TESTS_GOLDEN_SOLVER_CASE_H_
