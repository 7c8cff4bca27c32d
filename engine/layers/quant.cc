// Quant: quantizes activations to integers and back (AMCT's fake quantization).
// quant_param.scale is the reciprocal of the step. The gradient passes as it is
// (straight-through), also where values were clipped, as AMCT's does.
// MakeWholeQuantLayer() makes one whose top is the whole numbers, without the
// step.
#include <cfloat>
#include <cmath>
#include <memory>

#include "base/status_macros.h"
#include "engine/kernels/cpu/matched_buffers.h"
#include "engine/kernels/fake_quant.h"
#include "engine/layers/checks.h"
#include "engine/layers/copy_tensor.h"
#include "engine/layers/quant_params.h"
#include "engine/layers/same_shape_layer.h"
#include "engine/layers/whole_quant.h"

namespace quantd {
namespace {

class QuantLayer : public SameShapeLayer {
 public:
  QuantLayer(const caffe::LayerParameter& param, caffe::Phase phase, bool whole)
      : SameShapeLayer(param, phase), whole_(whole) {}

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
    // 0 stays 0: a kernel's layout may pad with zeros.
    ASSIGN_OR_RETURN(const MatchedBuffers buffers,
                     MatchBuffers(bottoms, tops[0]));
    const auto x = absl::MakeConstSpan(buffers.src[0], buffers.count);
    const auto y = absl::MakeSpan(buffers.dst, buffers.count);
    if (whole_) {
      FakeQuantSteps(x, params_, y);
    } else {
      FakeQuant(x, params_, y);
    }
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    CopyTensor(*pass.top_diffs[0], pass.bottom_diffs[0]);
    return absl::OkStatus();
  }

 private:
  const bool whole_;
  FakeQuantParams params_;
};

}  // namespace

std::unique_ptr<Layer> MakeQuantLayer(const caffe::LayerParameter& param,
                                      caffe::Phase phase) {
  return std::make_unique<QuantLayer>(param, phase, /*whole=*/false);
}

std::unique_ptr<Layer> MakeWholeQuantLayer(const caffe::LayerParameter& param,
                                           caffe::Phase phase) {
  return std::make_unique<QuantLayer>(param, phase, /*whole=*/true);
}

}  // namespace quantd
