// DeQuant: rounds the sums of a quantized layer to what a 16-bit accumulator
// keeps (AMCT's fake quantization, engine/kernels/dequant.h).
// Blobs: scale_d * scale_w, shift_bit, offset_w (not used), one value each, or
// one per channel with dequant_param.channel_wise and a bottom of four axes,
// whose channels are axis 1. With a layer_type of LSTM_X, LSTM_H or LSTM_S
// there are no blobs: the values are in dequant_param, and several of them
// belong to the gates, equal parts of axis 2 (LSTM_S: 1).
// The gradient passes as it is (straight-through), as AMCT's does.
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/kernels/dequant.h"
#include "engine/layers/checks.h"
#include "engine/layers/copy_tensor.h"

namespace quantd {
namespace {

constexpr int kNumBlobs = 3;

class DeQuantLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {1, 1}, num_tops, {1, 1}));
    const caffe::DeQuantParameter& p = param().dequant_param();
    of_lstm_ = p.layer_type() == "LSTM_X" || p.layer_type() == "LSTM_H" ||
               p.layer_type() == "LSTM_S";
    if (of_lstm_) return CheckFields();
    const bool per_channel = p.channel_wise() && bottoms[0].num_axes() == 4;
    for (int i = 0; i < kNumBlobs; ++i) {
      RETURN_IF_ERROR(AddBlob({per_channel ? bottoms[0][1] : 1}));
    }
    return absl::OkStatus();
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& bottom = bottoms[0];
    (*tops)[0] = bottom;
    const int64_t scales = Params().scale.size();
    inner_dim_ = 1;
    if (scales == 1) return absl::OkStatus();
    const int axis =
        of_lstm_ && param().dequant_param().layer_type() != "LSTM_S" ? 2 : 1;
    if (bottom.num_axes() <= axis || bottom[axis] % scales != 0 ||
        (!of_lstm_ && bottom[axis] != scales)) {
      return BottomError(absl::StrCat("a bottom of shape ", bottom.ToString(),
                                      " does not have ", scales,
                                      " channels on axis ", axis));
    }
    inner_dim_ = bottom[axis] / scales;
    for (int i = axis + 1; i < bottom.num_axes(); ++i) inner_dim_ *= bottom[i];
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    const DequantParams params = Params();
    RETURN_IF_ERROR(CheckDequantParams(params));
    Dequant(bottoms[0]->values(), params, tops[0]->values());
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    CopyTensor(*pass.top_diffs[0], pass.bottom_diffs[0]);
    return absl::OkStatus();
  }

  bool AllowsInPlace() const override { return true; }
  // Quantization factors are not learned.
  float DefaultLrMult(int index) const override { return 0; }

 private:
  absl::Status CheckFields() const {
    const caffe::DeQuantParameter& p = param().dequant_param();
    if (p.deqscale_size() == 0) {
      return FieldError("dequant_param.deqscale", "is missing");
    }
    if (p.offset_size() != 0 && p.offset_size() != p.deqscale_size()) {
      return FieldError("dequant_param.offset",
                        "must have as many values as deqscale");
    }
    return CheckDequantParams(Params());
  }

  DequantParams Params() const {
    DequantParams params;
    params.inner_dim = inner_dim_;
    if (of_lstm_) {
      params.scale = param().dequant_param().deqscale();
      params.shift_bit = param().dequant_param().shift_bit();
    } else {
      params.scale = blobs_[0].values();
      params.shift_bit = blobs_[1].values();
    }
    return params;
  }

  bool of_lstm_ = false;
  int64_t inner_dim_ = 1;
};

}  // namespace

std::unique_ptr<Layer> MakeDeQuantLayer(const caffe::LayerParameter& param,
                                        caffe::Phase phase) {
  return std::make_unique<DeQuantLayer>(param, phase);
}

}  // namespace quantd
