// What LSTM, RNN and GRU share: bottoms, the input part of the gates, states
// that are exposed or carried over, and backward through time.
#ifndef QUANTD_ENGINE_LAYERS_RECURRENT_LAYER_H_
#define QUANTD_ENGINE_LAYERS_RECURRENT_LAYER_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "engine/core/layer.h"
#include "engine/core/tensor.h"
#include "engine/layers/recurrent_products.h"

namespace quantd {

// Base of the recurrent types. T time steps, N sequences, K inputs, D outputs,
// G gates.
//
// Bottoms: x (T, N, ...), cont (T, N), where 0 starts a sequence, [a static
// input (N, ...)], and with expose_hidden the states before the first step
// (1, N, D). Tops: the sequence (T, N, D), and with expose_hidden the last
// states.
// Blobs: W_x (G D, K), b (G D), [W_static (G D, S)], then the cell's.
// Without expose_hidden a forward pass starts with the states that the last one
// ended with; they are constants for the gradient.
//
// A subclass computes one step, from gates that hold
// W_x x + b [+ W_static static], and its gradient.
class RecurrentLayer : public Layer {
 public:
  RecurrentLayer(const caffe::LayerParameter& param, caffe::Phase phase,
                 int num_gates, int num_states)
      : Layer(param, phase), num_gates_(num_gates), num_states_(num_states) {}

  absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) override;
  absl::Status Reshape(absl::Span<const Shape> bottoms,
                       std::vector<Shape>* tops) override;
  absl::Status Forward(Bottoms bottoms, Tops tops) override;
  absl::Status Backward(const BackwardPass& pass) override;
  bool IsDifferentiable(int bottom) const override { return bottom != 1; }

  // Multiplies by `products` instead of by blobs(), of which there are none
  // then. Before SetUp(). There is no Backward() with them.
  void SetProducts(std::unique_ptr<RecurrentProducts> products) {
    products_ = std::move(products);
  }
  // Those that were set; null without.
  RecurrentProducts* products() const { return products_.get(); }

  // The states that the next Forward() starts with, (N, D) each. It takes
  // zeros instead of those of another number of sequences. Not used with
  // expose_hidden.
  std::vector<Tensor>& carried_states() { return carried_; }

  // What the last Forward() multiplied by the cell's weights: cont * state 0
  // before each step, (T, N, D).
  absl::Span<const float> continued_states() const {
    return continued_.values();
  }

 protected:
  // Adds the blobs after those of the input, by AddShape().
  virtual absl::Status AddCellBlobs() = 0;
  // Computes state(s, t + 1) of all states s from gates(t), continued(t) and
  // state(s, t); may overwrite gates(t).
  virtual absl::Status Step(int64_t t, const float* cont) = 0;
  // From state_diff(s), the gradients of state(s, t + 1): sets gate_diffs(t)
  // and makes state_diff(s) the gradients of state(s, t).
  virtual absl::Status StepBackward(int64_t t, const float* cont) = 0;
  // The gradients of the cell's blobs, after all steps.
  virtual absl::Status AddCellBlobDiffs() = 0;
  // Top 0 (T, N, D) from the states; state 0 itself unless overridden.
  virtual absl::Status Output(float* top);
  // hidden_diff (T, N, D), the gradient of state 0 that comes from top 0.
  virtual absl::Status OutputBackward(const float* top, const float* top_diff,
                                      float* hidden_diff);

  // AddBlob(), or only the shape of a blob that is elsewhere.
  absl::Status AddShape(const std::vector<int64_t>& dims,
                        const caffe::FillerParameter& filler);
  // See RecurrentProducts.
  absl::Status Multiply(const RecurrentProduct& product, const float* items,
                        int64_t num_items, float* out, int64_t out_stride);

  int64_t steps() const { return steps_; }          // T
  int64_t sequences() const { return sequences_; }  // N
  int64_t dim() const { return dim_; }              // D
  int64_t width() const { return num_gates_ * dim_; }
  // The index of the cell's first blob.
  int first_cell_blob() const { return has_static_ ? 3 : 2; }

  // (N, G D)
  float* gates(int64_t t) { return gates_.data() + t * sequences_ * width(); }
  float* gate_diffs(int64_t t) {
    return gate_diffs_.data() + t * sequences_ * width();
  }
  // (N, D): state s before step t; t is 0..T.
  float* state(int s, int64_t t) {
    return states_[s].data() + t * sequences_ * dim_;
  }
  float* state_diff(int s) { return state_diffs_[s].data(); }
  // (N, D): cont * state 0 before step t.
  float* continued(int64_t t) {
    return continued_.data() + t * sequences_ * dim_;
  }

 private:
  bool IsExposed() const { return param().recurrent_param().expose_hidden(); }
  int FirstStateBottom() const { return has_static_ ? 3 : 2; }

  absl::Status CheckBottoms(absl::Span<const Shape> bottoms) const;
  absl::Status ResizeBuffers();
  // Sets gates() to the part of the inputs.
  absl::Status InputGates(Bottoms bottoms);
  void StartStates(Bottoms bottoms);
  // state_diff(s) after the last step.
  absl::Status StartStateDiffs(const BackwardPass& pass);
  absl::Status InputBackward(const BackwardPass& pass);
  absl::Status StaticBackward(const BackwardPass& pass);

  const int num_gates_;
  const int num_states_;
  std::unique_ptr<RecurrentProducts> products_;  // Null: blobs().
  std::vector<Shape> shapes_;                    // Of all blobs.
  bool has_static_ = false;
  int64_t num_inputs_ = 0;         // K
  int64_t num_static_inputs_ = 0;  // S
  int64_t steps_ = 0;
  int64_t sequences_ = 0;
  int64_t dim_ = 0;
  Tensor gates_;                     // (T, N, G D)
  Tensor continued_;                 // (T, N, D)
  std::vector<Tensor> states_;       // (T + 1, N, D) each.
  std::vector<Tensor> carried_;      // (N, D) each: where the next pass starts.
  Tensor gate_diffs_;                // As gates_.
  Tensor hidden_diffs_;              // (T, N, D)
  std::vector<Tensor> state_diffs_;  // (N, D) each.
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_RECURRENT_LAYER_H_
