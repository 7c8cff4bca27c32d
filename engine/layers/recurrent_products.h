// What recurrent layers multiply by their weights, behind one interface: floats
// here, integers in engine/integer, whole numbers in engine/simulator.
#ifndef QUANTD_ENGINE_LAYERS_RECURRENT_PRODUCTS_H_
#define QUANTD_ENGINE_LAYERS_RECURRENT_PRODUCTS_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "engine/core/shape.h"
#include "engine/core/tensor.h"

namespace quantd {

// Items times the transposed rows of a weight blob.
struct RecurrentProduct {
  enum class Items {
    kX,       // Bottom 0.
    kStatic,  // Bottom 2.
    kState,   // What a step hands on: cont h, r cont h, h.
  };

  Items items = Items::kState;
  int weights = 0;  // The blob, (outputs, depth).
  int bias = -1;    // The blob that is added; -1 without.
  // Of the weights and of the bias.
  int64_t first_row = 0;
  int64_t num_rows = 0;
  bool accumulates = false;  // Adds to what is there. Not with a bias.
};

// Threads: compatible, not safe.
class RecurrentProducts {
 public:
  virtual ~RecurrentProducts() = default;

  // Checks that the weights fit a layer that would have blobs of these shapes,
  // once. Errors: FAILED_PRECONDITION, MODEL_WEIGHTS_MISMATCH with the blob.
  virtual absl::Status CheckShapes(absl::Span<const Shape> blobs) {
    return absl::OkStatus();
  }
  // Before the first product of a pass.
  virtual void BeginPass() {}
  // out(m, n) = [bias(n) +] sum over k of items(m, k) * weights(n, k), or adds
  // it. `items`: (num_items, depth); rows of `out` are `out_stride` apart.
  virtual absl::Status Multiply(const RecurrentProduct& product,
                                const float* items, int64_t num_items,
                                float* out, int64_t out_stride) = 0;
};

// With the layer's own blobs.
class FloatRecurrentProducts : public RecurrentProducts {
 public:
  // `blobs` must outlive this.
  explicit FloatRecurrentProducts(const std::vector<Tensor>* blobs)
      : blobs_(*blobs) {}

  absl::Status Multiply(const RecurrentProduct& product, const float* items,
                        int64_t num_items, float* out,
                        int64_t out_stride) override;

 private:
  const std::vector<Tensor>& blobs_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_RECURRENT_PRODUCTS_H_
