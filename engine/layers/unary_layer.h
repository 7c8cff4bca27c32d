// y = f(x), elementwise: what all such layers share.
// Not here: the functions. Those without parameters are in unary_functions.cc,
// the others in the file of their type.
#ifndef QUANTD_ENGINE_LAYERS_UNARY_LAYER_H_
#define QUANTD_ENGINE_LAYERS_UNARY_LAYER_H_

#include <cstdint>

#include "absl/status/status.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/kernels/cpu/matched_buffers.h"
#include "engine/layers/kept_bottom.h"
#include "engine/layers/same_shape_layer.h"

namespace quantd {

// What a function says about itself; base of all of them. A function is
//
//   struct Softsign : UnaryFunction {
//     float operator()(float x) const { return x / (1 + std::abs(x)); }
//     float Derivative(float x) const { ... }
//   };
//
// NaN gives NaN.
struct UnaryFunction {
  // What Derivative() takes.
  enum class Argument {
    kX,      // The bottom, which is kept where the layer works in place.
    kY,      // The top.
    kBottom  // The bottom as Backward() finds it: in place, y.
  };
  static constexpr Argument kArgument = Argument::kX;

  // False: nobody may ask for Derivative().
  static constexpr bool kDifferentiable = true;

  // Takes and checks the layer's parameters.
  absl::Status Init(const caffe::LayerParameter& param) {
    return absl::OkStatus();
  }
  float Derivative(float argument) const { return 0; }
};

// The layer of function F: one bottom, one top of its shape, in place too.
template <typename F>
class UnaryLayer : public SameShapeLayer {
 public:
  using SameShapeLayer::SameShapeLayer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(SameShapeLayer::SetUp(bottoms, num_tops));
    return f_.Init(param());
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    if (F::kArgument == F::Argument::kX && expects_backward()) {
      RETURN_IF_ERROR(kept_.Keep(bottoms, tops));
    }
    if (f_(0.0f) == 0) {  // A kernel's layout may pad with zeros.
      ASSIGN_OR_RETURN(const MatchedBuffers buffers,
                       MatchBuffers(bottoms, tops[0]));
      Apply(buffers.src[0], buffers.count, buffers.dst);
    } else {
      const float* x = bottoms[0]->data();
      Apply(x, bottoms[0]->num_elements(), tops[0]->DataToOverwrite());
    }
    return absl::OkStatus();
  }

  absl::Status Backward(const BackwardPass& pass) override {
    const F f = f_;
    const float* x = ArgumentOf(pass).data();
    const float* dy = pass.top_diffs[0]->data();
    float* dx = pass.bottom_diffs[0]->data();
    const int64_t n = pass.bottoms[0]->num_elements();
#pragma omp parallel for simd firstprivate(f)
    for (int64_t i = 0; i < n; ++i) dx[i] = dy[i] * f.Derivative(x[i]);
    return absl::OkStatus();
  }

  bool IsDifferentiable(int bottom) const override {
    return F::kDifferentiable;
  }

 private:
  const Tensor& ArgumentOf(const BackwardPass& pass) const {
    if (F::kArgument == F::Argument::kY) return *pass.tops[0];
    if (F::kArgument == F::Argument::kBottom) return *pass.bottoms[0];
    return kept_.Of(pass);
  }

  void Apply(const float* x, int64_t n, float* y) const {
    const F f = f_;
#pragma omp parallel for simd firstprivate(f)
    for (int64_t i = 0; i < n; ++i) y[i] = f(x[i]);
  }

  F f_;
  KeptBottom kept_;  // Of Argument::kX.
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_UNARY_LAYER_H_
