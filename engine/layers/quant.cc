// Quant: quantizes activations to integers and back (AMCT's fake quantization).
// quant_param.scale is the reciprocal of the step. The gradient passes as it is
// (straight-through), also where values were clipped, as AMCT's does.
#include <cfloat>
#include <cmath>
#include <memory>

#include "base/status_macros.h"
#include "engine/kernels/fake_quant.h"
#include "engine/layers/checks.h"
#include "engine/layers/copy_tensor.h"
#include "engine/layers/quant_params.h"
#include "engine/layers/same_shape_layer.h"

namespace quantd {
namespace {

class QuantLayer : public SameShapeLayer {
 public:
  using SameShapeLayer::SameShapeLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {1, 1}, num_tops, {1, 1}));
    const caffe::QuantParameter& quant = param().quant_param();
    if (!quant.has_scale()) {
      return FieldError("quant_param.scale", "is missing");
    }
    // AMCT's own limits for the reciprocal.
    if (!std::isfinite(quant.scale()) || !(quant.scale() > DBL_EPSILON)) {
      return FieldError("quant_param.scale",
                        "must be finite and greater than DBL_EPSILON");
    }
    params_ = FakeQuantParamsOf(quant);
    return CheckFakeQuantParams(params_);
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    FakeQuant(bottoms[0]->values(), params_, tops[0]->values());
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    CopyTensor(*pass.top_diffs[0], pass.bottom_diffs[0]);
    return absl::OkStatus();
  }

 private:
  FakeQuantParams params_;
};

}  // namespace

std::unique_ptr<Layer> MakeQuantLayer(const caffe::LayerParameter& param,
                                      caffe::Phase phase) {
  return std::make_unique<QuantLayer>(param, phase);
}

}  // namespace quantd
