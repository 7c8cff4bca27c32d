// Gemm: y (M, N) = alpha * op(a) * op(b) + beta * c, where transA and transB
// transpose a and b; c, which may be missing, spreads over y as numpy does. b
// and c may be blobs, of the shapes that the model carries.
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/layers/checks.h"
#include "engine/layers/matrix_product.h"
#include "engine/layers/operand_layer.h"
#include "engine/layers/pair_broadcast.h"

namespace quantd {
namespace {

class GemmLayer : public OperandLayer {
 public:
  using OperandLayer::OperandLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    return SetUpOperands(bottoms, num_tops, {2, 3});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    for (int i = 0; i < 2; ++i) {
      const Shape& shape = OperandShape(bottoms, i);
      if (shape.num_axes() == 2) continue;
      return BottomError(absl::StrCat("operand ", i, " of shape ",
                                      shape.ToString(),
                                      " is no matrix of two axes"));
    }
    ASSIGN_OR_RETURN(
        product_,
        MatrixProduct::Create(bottoms[0], p().transa() != 0,
                              OperandShape(bottoms, 1), p().transb() != 0));
    (*tops)[0] = product_.shape;
    if (NumOperands(bottoms.size()) < 3) return absl::OkStatus();
    const Shape& c = OperandShape(bottoms, 2);
    ASSIGN_OR_RETURN(spread_, PairBroadcast::Create(product_.shape, c));
    if (spread_.shape() == product_.shape) return absl::OkStatus();
    return BottomError(absl::StrCat("operand 2 of shape ", c.ToString(),
                                    " does not spread over the product, ",
                                    product_.shape.ToString()));
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    float* y = tops[0]->DataToOverwrite();
    RETURN_IF_ERROR(
        product_.Forward(bottoms[0]->data(), Operand(bottoms, 1).data(), y));
    if (p().alpha() != 1) {
      for (float& value : tops[0]->values()) value *= p().alpha();
    }
    if (NumOperands(bottoms.size()) < 3) return absl::OkStatus();
    const float* c = Operand(bottoms, 2).data();
    const float beta = p().beta();
    spread_.ForEachRun([&](int64_t i, int64_t, int64_t ic) {
      for (int64_t k = 0; k < spread_.run(); ++k) {
        y[i + k] += beta * c[ic + k * spread_.b_step()];
      }
    });
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    const Tensor& dy = *pass.top_diffs[0];
    if (NumOperands(pass.bottoms.size()) > 2) {
      if (float* dc = OperandDiff(pass, 2)) AddSums(dy.data(), dc);
    }
    const float* dproduct = dy.data();
    if (p().alpha() != 1) {
      dproduct_.assign(dy.values().begin(), dy.values().end());
      for (float& value : dproduct_) value *= p().alpha();
      dproduct = dproduct_.data();
    }
    if (float* da = OperandDiff(pass, 0)) {
      RETURN_IF_ERROR(
          product_.BackwardA(Operand(pass.bottoms, 1).data(), dproduct, da));
    }
    float* db = OperandDiff(pass, 1);
    if (db == nullptr) return absl::OkStatus();
    return product_.BackwardB(pass.bottoms[0]->data(), dproduct, db);
  }

 private:
  const caffe::GemmParameter& p() const { return param().gemm_param(); }

  // The gradient of c.
  void AddSums(const float* dy, float* dc) const {
    const float beta = p().beta();
    spread_.ForEachRun([&](int64_t i, int64_t, int64_t ic) {
      for (int64_t k = 0; k < spread_.run(); ++k) {
        dc[ic + k * spread_.b_step()] += beta * dy[i + k];
      }
    });
  }

  MatrixProduct product_;
  PairBroadcast spread_;  // Of the product and c.
  std::vector<float> dproduct_;
};

}  // namespace

std::unique_ptr<Layer> MakeGemmLayer(const caffe::LayerParameter& param,
                                     caffe::Phase phase) {
  return std::make_unique<GemmLayer>(param, phase);
}

}  // namespace quantd
