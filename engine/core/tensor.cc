#include "engine/core/tensor.h"

#include <cstring>
#include <new>

#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace quantd {
namespace {

constexpr std::align_val_t kAlignment{64};

// Zero-filled; null if there is no memory.
std::shared_ptr<float[]> Allocate(int64_t num_elements) {
  const size_t size_bytes = static_cast<size_t>(num_elements) * sizeof(float);
  float* data =
      static_cast<float*>(::operator new(size_bytes, kAlignment, std::nothrow));
  if (data == nullptr) return nullptr;
  std::memset(data, 0, size_bytes);
  return std::shared_ptr<float[]>(
      data, [](float* p) { ::operator delete(p, kAlignment); });
}

}  // namespace

Tensor::Tensor(const Shape& shape) {
  if (!Resize(shape).ok()) throw std::bad_alloc();
}

absl::Status Tensor::Resize(const Shape& shape) {
  const int64_t needed = shape.num_elements();
  if (needed > capacity_ || data_ == nullptr) {
    std::shared_ptr<float[]> data = Allocate(needed);
    if (data == nullptr) {
      return Error(
          absl::StatusCode::kResourceExhausted, "OUT_OF_MEMORY",
          absl::StrCat("no memory for a tensor of shape ", shape.ToString()),
          {{"shape", shape.ToString()}});
    }
    data_ = std::move(data);
    capacity_ = needed;
  }
  shape_ = shape;
  return absl::OkStatus();
}

Tensor Tensor::Reshaped(const Shape& shape) const {
  Tensor view = *this;
  view.shape_ = shape;
  return view;
}

Tensor Tensor::Clone() const {
  Tensor copy;
  if (data_ == nullptr) return copy;
  copy = Tensor(shape_);
  std::memcpy(copy.data(), data(), num_elements() * sizeof(float));
  return copy;
}

}  // namespace quantd
