// Quant: quantizes activations to integers and back (AMCT's fake quantization).
// quant_param.scale is the reciprocal of the step. The gradient passes as it is
// (straight-through), also where values were clipped, as AMCT's does.
#include <algorithm>
#include <cfloat>
#include <cmath>
#include <memory>

#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/kernels/fake_quant.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

class QuantLayer : public Layer {
 public:
  using Layer::Layer;

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
    params_.scale = ScaleOfInverse(quant.scale());
    params_.offset = quant.offset();
    params_.num_bits = quant.num_bits_d() == 0 ? 8 : quant.num_bits_d();
    return CheckFakeQuantParams(params_);
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    (*tops)[0] = bottoms[0];
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    FakeQuant(bottoms[0]->values(), params_, tops[0]->values());
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    if (pass.bottom_diffs[0] == pass.top_diffs[0]) return absl::OkStatus();
    std::copy_n(pass.top_diffs[0]->data(), pass.top_diffs[0]->num_elements(),
                pass.bottom_diffs[0]->data());
    return absl::OkStatus();
  }

  bool AllowsInPlace() const override { return true; }

 private:
  FakeQuantParams params_;
};

}  // namespace

std::unique_ptr<Layer> MakeQuantLayer(const caffe::LayerParameter& param,
                                      caffe::Phase phase) {
  return std::make_unique<QuantLayer>(param, phase);
}

}  // namespace quantd
