// Tells float models from quantized ones.
#ifndef QUANTD_ENGINE_MODEL_FLOAT_MODEL_H_
#define QUANTD_ENGINE_MODEL_FLOAT_MODEL_H_

#include "absl/status/status.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// Errors: FAILED_PRECONDITION, MODEL_ALREADY_QUANTIZED with layer if `net` has
// a layer of AMCT's (Quant, DeQuant, AntiQuant, and those that calibrate and
// retrain) or a blob with integers in place of floats.
absl::Status CheckFloatModel(const caffe::NetParameter& net);

// For what runs models in floats: fake-quant models are such, deploy models are
// not. Errors: FAILED_PRECONDITION, MODEL_HAS_INTEGERS with layer if `net` has
// a blob with integers in place of floats.
absl::Status CheckFloatBlobs(const caffe::NetParameter& net);

}  // namespace quantd

#endif  // QUANTD_ENGINE_MODEL_FLOAT_MODEL_H_
