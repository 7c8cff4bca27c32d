// Weights and biases of a deploy model's layer, as they are stored.
#ifndef QUANTD_ENGINE_INTEGER_INTEGER_WEIGHTS_H_
#define QUANTD_ENGINE_INTEGER_INTEGER_WEIGHTS_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/core/shape.h"
#include "engine/integer/deploy_factors.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

struct IntegerWeights {
  std::vector<int8_t> codes;  // Blob 0, in its order.
  Shape shape;                // Of blob 0.
  std::vector<int32_t> bias;  // Blob 1; empty without.
  // What one in a sum stands for: scale_d * scale_w, one or one per output
  // channel. A bias is in these steps.
  std::vector<double> steps;
};

// Checks that blob `blob` has the shape `expected`; axes of 1 at the front do
// not count. Errors: FAILED_PRECONDITION, MODEL_WEIGHTS_MISMATCH.
absl::Status CheckShape(int blob, const Shape& found, const Shape& expected);

// Reads the blobs of `layer`, whose `factors` fit (DeployFactorsOf()).
// Errors: FAILED_PRECONDITION, MODEL_WEIGHTS_MISMATCH with layer and blob for
// blobs that are not int8 and int32, or do not have as many values as their
// shape.
absl::StatusOr<IntegerWeights> ReadIntegerWeights(
    const caffe::LayerParameter& layer, const DeployFactors& factors);

// Checks what only the layer's parameters say: blob 0 has the shape `expected`
// (CheckShape()), the bias `num_bias` values, and there is one step or one per
// channel.
// Errors: FAILED_PRECONDITION, MODEL_WEIGHTS_MISMATCH; INVALID_ARGUMENT,
// RECORD_INVALID.
absl::Status CheckFits(const IntegerWeights& weights, const Shape& expected,
                       int64_t num_bias, int64_t num_channels);

// A blob of integers of a recurrent layer.
struct IntegerBlob {
  int blob = 0;
  bool is_bias = false;
  Shape shape;
  std::vector<int32_t> codes;
  // What one stands for: the blob's scale_w; of a bias scale_d * the scale_w of
  // the first weight blob.
  double step = 1;
};

// Reads all blobs of the recurrent layer `layer`, in blob order. Errors: as
// ReadIntegerWeights(); MODEL_WEIGHTS_MISMATCH for another number of blobs;
// INVALID_ARGUMENT, RECORD_INVALID if there is not one scale_w per weight blob;
// FAILED_PRECONDITION, RECORD_INCOMPLETE if an input that its blobs multiply
// has no factors.
absl::StatusOr<std::vector<IntegerBlob>> ReadRecurrentIntegers(
    const caffe::LayerParameter& layer, const DeployFactors& factors);

}  // namespace quantd

#endif  // QUANTD_ENGINE_INTEGER_INTEGER_WEIGHTS_H_
