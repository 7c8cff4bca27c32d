// A float32 tensor in host memory.
#ifndef QUANTD_ENGINE_CORE_TENSOR_H_
#define QUANTD_ENGINE_CORE_TENSOR_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "engine/core/buffer_pool.h"
#include "engine/core/shape.h"

namespace quantd {

// A tensor's values in the layout that a kernel library prefers, such as
// oneDNN's blocked ones. Kernels of one library hand them to each other; all
// others see plain data, which is made when somebody asks for it.
class KernelLayout {
 public:
  virtual ~KernelLayout() = default;
  // Writes all values in the tensor's plain order.
  virtual void CopyToPlain(float* plain) const = 0;
  // All values in the layout's own order, with zeros where it pads: for what
  // does not depend on the order.
  virtual absl::Span<const float> stored_values() const = 0;
};

// Dense, outermost axis first (NCHW), 64-byte aligned. Copies share the data.
//
// Ownership: shared; the memory lives as long as the last copy.
// Threads: compatible, not safe. Reading through data() may convert from a
//   KernelLayout: take the pointer before threads start.
// Memory: pages that were never written take none.
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

  // From now on, without the present contents, memory comes from `pool` when
  // values are first written or asked for, and goes back there by Release().
  // Resize() takes none; contents are lost when the shape changes. Getting
  // memory throws std::bad_alloc where there is none. Copies go along.
  void UsePool(std::shared_ptr<BufferPool> pool);
  // Forgets values and gives memory back; only with a pool.
  void Release();
  // Null without one.
  std::shared_ptr<BufferPool> pool() const;

  // Another view of the same data. `shape` must have as many elements.
  Tensor Reshaped(const Shape& shape) const;
  // Makes this a view of `other`'s data with `other`'s shape.
  void ShareDataWith(const Tensor& other) { *this = other; }
  // A tensor with memory of its own.
  Tensor Clone() const;

  // The values in plain order; null for a tensor that never had memory. The
  // mutable form makes the plain values the only ones.
  float* data();
  const float* data() const;
  // As data(), for a caller that writes every value: what was there is lost.
  float* DataToOverwrite();
  absl::Span<float> values() { return absl::MakeSpan(data(), num_elements()); }
  absl::Span<const float> values() const {
    return absl::MakeConstSpan(data(), num_elements());
  }

  // The values in a kernel's layout if they are there; null otherwise.
  KernelLayout* kernel_layout() const;
  // Says that the newest values are in `layout`; plain ones are stale.
  void SetKernelLayout(std::shared_ptr<KernelLayout> layout);
  // The last layout that was set, even if its values are stale: its memory can
  // be used again. Null if there was none.
  std::shared_ptr<KernelLayout> SpareKernelLayout() const;

 private:
  struct Storage;

  Shape shape_;
  std::shared_ptr<Storage> storage_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_CORE_TENSOR_H_
