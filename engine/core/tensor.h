// A float32 tensor in host memory.
#ifndef QUANTD_ENGINE_CORE_TENSOR_H_
#define QUANTD_ENGINE_CORE_TENSOR_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "engine/core/shape.h"

namespace quantd {

// Dense, outermost axis first (NCHW), 64-byte aligned. Copies share the data.
//
// Ownership: shared; the memory lives as long as the last copy.
// Threads: compatible, not safe.
class Tensor {
 public:
  // A scalar without memory.
  Tensor() = default;
  // Zero-filled. For sizes that were checked; see Resize().
  explicit Tensor(const Shape& shape);

  const Shape& shape() const { return shape_; }
  int64_t num_elements() const { return shape_.num_elements(); }

  // Takes the shape. Memory that is large enough is kept, with its contents;
  // otherwise it is replaced by zeros, and copies keep the old one.
  // Errors: RESOURCE_EXHAUSTED if there is no memory.
  absl::Status Resize(const Shape& shape);

  // Another view of the same data. `shape` must have as many elements.
  Tensor Reshaped(const Shape& shape) const;
  // Makes this a view of `other`'s data with `other`'s shape.
  void ShareDataWith(const Tensor& other) { *this = other; }
  // A tensor with memory of its own.
  Tensor Clone() const;

  float* data() { return data_.get(); }
  const float* data() const { return data_.get(); }
  absl::Span<float> values() {
    return absl::MakeSpan(data_.get(), num_elements());
  }
  absl::Span<const float> values() const {
    return absl::MakeConstSpan(data_.get(), num_elements());
  }

 private:
  Shape shape_;
  int64_t capacity_ = 0;  // Elements.
  std::shared_ptr<float[]> data_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_CORE_TENSOR_H_
