// The job TRAIN: one of Caffe's solvers over data sets.
#ifndef QUANTD_ENGINE_JOBS_TRAIN_H_
#define QUANTD_ENGINE_JOBS_TRAIN_H_

#include "absl/status/statusor.h"
#include "engine/jobs/job.h"

namespace quantd {

// Phases: LOAD, TRAIN. The files are the snapshots, without the directories of
// snapshot_prefix; the log has a line for every `display` iterations and for
// every test.
// Errors: those of ParseSolver(), LoadSolverNets(), Solver and ReplaceFiles();
//   OPTION_MISSING for a network that the solver names and the job lacks.
absl::StatusOr<JobOutput> RunTrain(const v1::TrainSpec& spec,
                                   const JobInputs& inputs,
                                   JobMonitor* monitor);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_TRAIN_H_
