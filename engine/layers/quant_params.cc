#include "engine/layers/quant_params.h"

namespace quantd {

FakeQuantParams FakeQuantParamsOf(const caffe::QuantParameter& quant) {
  FakeQuantParams params;
  params.scale = ScaleOfInverse(quant.scale());
  params.offset = quant.offset();
  params.num_bits = quant.num_bits_d() == 0 ? 8 : quant.num_bits_d();
  return params;
}

}  // namespace quantd
