// When a deploy model counts as equal to its fake-quant model.
#ifndef QUANTD_ENGINE_JOBS_VERIFICATION_VERIFY_BOUNDS_H_
#define QUANTD_ENGINE_JOBS_VERIFICATION_VERIFY_BOUNDS_H_

#include "proto/quantd/v1/job.pb.h"

namespace quantd {

// Float sums round: where a value lies between two integers, the two models may
// choose different ones. That is one step, and rare.
inline constexpr int64_t kMaxSteps = 1;
inline constexpr double kMaxDifferingShare = 1e-4;
inline constexpr double kMinTop1Agreement = 0.999;

// Sets `passed` and `failures` from the other fields:
//   weights  no difference
//   inputs, sums  at most kMaxSteps, and fewer than kMaxDifferingShare of the
//            elements; one alone is allowed in any case
//   num_overflows  none
//   top1_agreement  with ties at least kMinTop1Agreement; one image is allowed
//            to differ
void Judge(v1::VerifyResult* result);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_VERIFICATION_VERIFY_BOUNDS_H_
