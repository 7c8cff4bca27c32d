// QuantParameter, read.
#ifndef QUANTD_ENGINE_LAYERS_QUANT_PARAMS_H_
#define QUANTD_ENGINE_LAYERS_QUANT_PARAMS_H_

#include "engine/kernels/fake_quant.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// What `quant` describes; 8 bits where num_bits_d is absent or 0. Not checked:
// CheckFakeQuantParams() does.
FakeQuantParams FakeQuantParamsOf(const caffe::QuantParameter& quant);

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_QUANT_PARAMS_H_
