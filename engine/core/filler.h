// First values of weights: Caffe's fillers.
#ifndef QUANTD_ENGINE_CORE_FILLER_H_
#define QUANTD_ENGINE_CORE_FILLER_H_

#include <cstdint>

#include "absl/status/status.h"
#include "engine/core/tensor.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// Fills `blob` as `filler` says: constant, uniform, gaussian, xavier, msra,
// positive_unitball or bilinear. The same seed and shape give the same values;
// they are not BVLC's random stream.
// fan_in = elements / dim 0, fan_out = elements / dim 1.
// Errors: INVALID_ARGUMENT for an unknown type, or a shape that the type does
// not fit (bilinear: 4-D with a square kernel).
absl::Status Fill(const caffe::FillerParameter& filler, uint64_t seed,
                  Tensor* blob);

// A filler of one value.
caffe::FillerParameter ConstantFiller(float value);

}  // namespace quantd

#endif  // QUANTD_ENGINE_CORE_FILLER_H_
