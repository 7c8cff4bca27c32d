// Learning-rate policies: the rate of an iteration.
// Source: BVLC Caffe, src/caffe/solvers/sgd_solver.cpp.
#ifndef QUANTD_ENGINE_TRAIN_LEARNING_RATE_H_
#define QUANTD_ENGINE_TRAIN_LEARNING_RATE_H_

#include "absl/status/status.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// Checks lr_policy and the fields that it uses.
// Errors: INVALID_ARGUMENT, SOLVER_INVALID with the field.
absl::Status CheckLearningRate(const caffe::SolverParameter& solver);

// The rate at iteration `iter` (from 0) of a solver that CheckLearningRate()
// accepts. `current_step` is multistep's count of steps so far, which grows by
// at most one a call and is part of a snapshot.
float LearningRate(const caffe::SolverParameter& solver, int iter,
                   int* current_step);

}  // namespace quantd

#endif  // QUANTD_ENGINE_TRAIN_LEARNING_RATE_H_
