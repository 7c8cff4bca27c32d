// The job VERIFY: does the deploy model compute what its fake-quant model
// shows?
#ifndef QUANTD_ENGINE_JOBS_VERIFY_H_
#define QUANTD_ENGINE_JOBS_VERIFY_H_

#include "absl/status/statusor.h"
#include "engine/jobs/job.h"
#include "proto/quantd/v1/job.pb.h"

namespace quantd {

// Runs the deploy model with integers (engine/integer/deploy_net.h) and the
// fake-quant model with floats on the same images, and counts the integers that
// differ: each layer on the fake-quant model's inputs, and the deploy model on
// its own. A broken bound (verification/verify_bounds.h) is a result, not an
// error. Phases: LOAD, COMPARE, EMIT. Files: NAME_verify.json, the result, and
// NAME_verify.html, a report that needs nothing else.
// Errors: those of DeployFactorsOf(), PairQuantLayers(), CompareWeights() and
// DeployNet::Create(); ACTIVATION_NOT_FINITE; those of loading and OpenFeed().
absl::StatusOr<JobOutput> RunVerify(const v1::VerifySpec& spec,
                                    const JobInputs& inputs,
                                    JobMonitor* monitor);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_VERIFY_H_
