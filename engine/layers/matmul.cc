// MatMul, BatchedMatMul: products of matrices in the last two axes.
// MatMul with dim_1, dim_2, dim_3 (SVP): y (dim_1, dim_3) = a * b^T, where a
// holds dim_1 x dim_2 values in any shape and b dim_3 x dim_2.
// Otherwise y = op(a) * op(b), transposed by matmul_param or
// batch_matmul_param; the axes before are a batch, spread as PairBroadcast
// does. b may be a blob, of matmul_param.blob_shape or the shape that the model
// carries.
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/layers/checks.h"
#include "engine/layers/matrix_product.h"
#include "engine/layers/operand_layer.h"

namespace quantd {
namespace {

class MatMulLayer : public OperandLayer {
 public:
  using OperandLayer::OperandLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    return SetUpOperands(bottoms, num_tops, {2, 2},
                         {p().blob_shape().begin(), p().blob_shape().end()});
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    const Shape& a = bottoms[0];
    const Shape& b = OperandShape(bottoms, 1);
    const caffe::BatchMatMulParameter& batched = param().batch_matmul_param();
    if (type() == "BatchedMatMul") {
      ASSIGN_OR_RETURN(product_, MatrixProduct::Create(a, batched.adj_x1(), b,
                                                       batched.adj_x2()));
    } else if (p().has_dim_1() || p().has_dim_2() || p().has_dim_3()) {
      RETURN_IF_ERROR(ReshapeByDims(a, b));
    } else {
      ASSIGN_OR_RETURN(product_, MatrixProduct::Create(a, p().transpose_a(), b,
                                                       p().transpose_b()));
    }
    (*tops)[0] = product_.shape;
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    return product_.Forward(bottoms[0]->data(), Operand(bottoms, 1).data(),
                            tops[0]->DataToOverwrite());
  }

  absl::Status Backward(const BackwardPass& pass) override {
    const float* dy = pass.top_diffs[0]->data();
    if (float* da = OperandDiff(pass, 0)) {
      RETURN_IF_ERROR(
          product_.BackwardA(Operand(pass.bottoms, 1).data(), dy, da));
    }
    float* db = OperandDiff(pass, 1);
    if (db == nullptr) return absl::OkStatus();
    return product_.BackwardB(pass.bottoms[0]->data(), dy, db);
  }

 private:
  const caffe::MatMulParameter& p() const { return param().matmul_param(); }

  absl::Status ReshapeByDims(const Shape& a, const Shape& b) {
    ASSIGN_OR_RETURN(const Shape a_matrix,
                     Shape::Create({p().dim_1(), p().dim_2()}));
    ASSIGN_OR_RETURN(const Shape b_matrix,
                     Shape::Create({p().dim_3(), p().dim_2()}));
    if (a.num_elements() != a_matrix.num_elements() ||
        b.num_elements() != b_matrix.num_elements()) {
      return BottomError(absl::StrCat(
          "bottoms of shapes ", a.ToString(), " and ", b.ToString(),
          " do not hold matmul_param's dim_1 x dim_2 = ", a_matrix.ToString(),
          " and dim_3 x dim_2 = ", b_matrix.ToString(), " values"));
    }
    ASSIGN_OR_RETURN(product_,
                     MatrixProduct::Create(a_matrix, false, b_matrix, true));
    return absl::OkStatus();
  }

  MatrixProduct product_;
};

}  // namespace

std::unique_ptr<Layer> MakeMatMulLayer(const caffe::LayerParameter& param,
                                       caffe::Phase phase) {
  return std::make_unique<MatMulLayer>(param, phase);
}

}  // namespace quantd
