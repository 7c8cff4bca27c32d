// y = f(x), elementwise: what all such layers share.
// Not here: the functions. Those without parameters are in unary_functions.cc,
// the others in the file of their type.
#ifndef QUANTD_ENGINE_LAYERS_UNARY_LAYER_H_
#define QUANTD_ENGINE_LAYERS_UNARY_LAYER_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "base/status_macros.h"
#include "engine/core/layer.h"
#include "engine/kernels/cpu/matched_buffers.h"
#include "engine/layers/checks.h"

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
  // False: nobody may ask for Derivative().
  static constexpr bool kDifferentiable = true;

  // Takes and checks the layer's parameters.
  absl::Status Init(const caffe::LayerParameter& param) {
    return absl::OkStatus();
  }
  float Derivative(float x) const { return 0; }
};

// The layer of function F: one bottom, one top of its shape, in place too. In
// place, x is kept for Backward() where there is one.
template <typename F>
class UnaryLayer : public Layer {
 public:
  using Layer::Layer;

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override {
    RETURN_IF_ERROR(CheckArity(bottoms, {1, 1}, num_tops, {1, 1}));
    return f_.Init(param());
  }

  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override {
    (*tops)[0] = bottoms[0];
    return absl::OkStatus();
  }

  absl::Status Forward(Bottoms bottoms, Tops tops) override {
    if (expects_backward() && bottoms[0] == tops[0]) {
      RETURN_IF_ERROR(x_.Resize(bottoms[0]->shape()));
      const absl::Span<const float> x = bottoms[0]->values();
      std::copy(x.begin(), x.end(), x_.DataToOverwrite());
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
    const bool in_place = pass.bottoms[0] == pass.tops[0];
    const float* x = in_place ? x_.values().data() : pass.bottoms[0]->data();
    const float* dy = pass.top_diffs[0]->data();
    float* dx = pass.bottom_diffs[0]->data();
    const int64_t n = pass.bottoms[0]->num_elements();
#pragma omp parallel for simd
    for (int64_t i = 0; i < n; ++i) dx[i] = dy[i] * f.Derivative(x[i]);
    return absl::OkStatus();
  }

  bool IsDifferentiable(int bottom) const override {
    return F::kDifferentiable;
  }
  bool AllowsInPlace() const override { return true; }

 private:
  void Apply(const float* x, int64_t n, float* y) const {
    const F f = f_;
#pragma omp parallel for simd
    for (int64_t i = 0; i < n; ++i) y[i] = f(x[i]);
  }

  F f_;
  Tensor x_;  // In place: the bottom before Forward().
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_UNARY_LAYER_H_
