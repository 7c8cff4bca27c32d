#include "engine/core/tensor.h"

#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace quantd {
namespace {

constexpr size_t kAlignment = 64;

}  // namespace

struct Tensor::Storage {
  ~Storage() { std::free(block); }

  // The plain values' memory, taking it from the pool if need be.
  float* Plain() {
    if (plain == nullptr && pool != nullptr) {
      pooled = pool->Take(capacity * static_cast<int64_t>(sizeof(float)));
      plain = static_cast<float*>(pooled.data());
    }
    return plain;
  }

  void* block = nullptr;  // Of calloc(): untouched pages are free.
  std::shared_ptr<BufferPool> pool;
  Buffer pooled;  // In place of `block` with a pool.
  float* plain = nullptr;
  int64_t capacity = 0;  // Elements.
  std::shared_ptr<KernelLayout> layout;
  bool layout_valid = false;
  bool plain_valid = true;
};

Tensor::Tensor(const Shape& shape) {
  if (!Resize(shape).ok()) throw std::bad_alloc();
}

absl::Status Tensor::Resize(const Shape& shape) {
  if (storage_ != nullptr && shape == shape_) return absl::OkStatus();
  const int64_t needed = shape.num_elements();
  if (storage_ != nullptr && storage_->pool != nullptr) {
    Release();
    storage_->capacity = needed;
    shape_ = shape;
    return absl::OkStatus();
  }
  if (storage_ != nullptr && needed <= storage_->capacity) {
    data();  // Contents are kept in plain order.
    storage_->layout = nullptr;
    shape_ = shape;
    return absl::OkStatus();
  }
  auto storage = std::make_shared<Storage>();
  const size_t size_bytes = static_cast<size_t>(needed) * sizeof(float);
  storage->block = std::calloc(size_bytes + kAlignment, 1);
  if (storage->block == nullptr) {
    return Error(
        absl::StatusCode::kResourceExhausted, "OUT_OF_MEMORY",
        absl::StrCat("no memory for a tensor of shape ", shape.ToString()),
        {{"shape", shape.ToString()}});
  }
  const auto address = reinterpret_cast<uintptr_t>(storage->block);
  storage->plain = reinterpret_cast<float*>((address + kAlignment - 1) /
                                            kAlignment * kAlignment);
  storage->capacity = needed;
  storage_ = std::move(storage);
  shape_ = shape;
  return absl::OkStatus();
}

void Tensor::UsePool(std::shared_ptr<BufferPool> pool) {
  auto storage = std::make_shared<Storage>();
  storage->pool = std::move(pool);
  storage->capacity = shape_.num_elements();
  storage_ = std::move(storage);
}

void Tensor::Release() {
  storage_->layout = nullptr;
  storage_->layout_valid = false;
  storage_->plain_valid = true;
  storage_->plain = nullptr;
  storage_->pooled = Buffer();
}

std::shared_ptr<BufferPool> Tensor::pool() const {
  return storage_ == nullptr ? nullptr : storage_->pool;
}

float* Tensor::data() {
  const Tensor& self = *this;
  float* plain = const_cast<float*>(self.data());
  if (storage_ != nullptr) storage_->layout_valid = false;
  return plain;
}

const float* Tensor::data() const {
  if (storage_ == nullptr) return nullptr;
  float* plain = storage_->Plain();
  if (!storage_->plain_valid) {
    storage_->layout->CopyToPlain(plain);
    storage_->plain_valid = true;
  }
  return plain;
}

float* Tensor::DataToOverwrite() {
  if (storage_ == nullptr) return nullptr;
  storage_->layout_valid = false;
  storage_->plain_valid = true;
  return storage_->Plain();
}

KernelLayout* Tensor::kernel_layout() const {
  if (storage_ == nullptr || !storage_->layout_valid) return nullptr;
  return storage_->layout.get();
}

void Tensor::SetKernelLayout(std::shared_ptr<KernelLayout> layout) {
  storage_->layout = std::move(layout);
  storage_->layout_valid = true;
  storage_->plain_valid = false;
}

std::shared_ptr<KernelLayout> Tensor::SpareKernelLayout() const {
  return storage_ == nullptr ? nullptr : storage_->layout;
}

Tensor Tensor::Reshaped(const Shape& shape) const {
  Tensor view = *this;
  view.shape_ = shape;
  return view;
}

Tensor Tensor::Clone() const {
  Tensor copy;
  if (storage_ == nullptr) return copy;
  copy = Tensor(shape_);
  std::memcpy(copy.data(), data(), num_elements() * sizeof(float));
  return copy;
}

}  // namespace quantd
