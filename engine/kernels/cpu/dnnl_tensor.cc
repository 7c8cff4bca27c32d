#include "engine/kernels/cpu/dnnl_tensor.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "engine/kernels/cpu/dnnl_context.h"

namespace quantd {
namespace {

using dnnl::memory;

class DnnlLayout : public KernelLayout {
 public:
  // With memory of `pool` if it is not null.
  DnnlLayout(const memory::desc& desc, BufferPool* pool)
      : buffer_(pool == nullptr
                    ? Buffer()
                    : pool->Take(static_cast<int64_t>(desc.get_size()))),
        memory_(pool == nullptr ? memory(desc, DnnlEngine())
                                : memory(desc, DnnlEngine(), buffer_.data())) {}

  const memory& values() const { return memory_; }

  // Cannot report: what fails is only the lack of memory for a stream. Values
  // that cannot be had become NaN, which no later check accepts.
  void CopyToPlain(float* plain) const override {
    try {
      memory to(PlainDesc(memory_.get_desc().dims()), DnnlEngine(), plain);
      memory from = memory_;
      dnnl::reorder(from, to).execute(DnnlStream(), from, to);
      DnnlStream().wait();
    } catch (const std::exception&) {
      const size_t count =
          PlainDesc(memory_.get_desc().dims()).get_size() / sizeof(float);
      std::fill_n(plain, count, std::numeric_limits<float>::quiet_NaN());
    }
  }

  absl::Span<const float> stored_values() const override {
    return {static_cast<const float*>(memory_.get_data_handle()),
            memory_.get_desc().get_size() / sizeof(float)};
  }

 private:
  const Buffer buffer_;
  const memory memory_;
};

const DnnlLayout* LayoutOf(const Tensor& tensor) {
  return dynamic_cast<const DnnlLayout*>(tensor.kernel_layout());
}

// Layout of `tensor` if it has just these dimensions.
const DnnlLayout* LayoutOf(const Tensor& tensor,
                           const std::vector<int64_t>& dims) {
  const DnnlLayout* layout = LayoutOf(tensor);
  const bool fits =
      layout != nullptr && layout->values().get_desc().dims() == dims;
  return fits ? layout : nullptr;
}

}  // namespace

memory::desc PlainDesc(const std::vector<int64_t>& dims) {
  memory::dims strides(dims.size(), 1);
  for (size_t i = dims.size(); i-- > 1;) {
    strides[i - 1] = strides[i] * std::max<int64_t>(dims[i], 1);
  }
  return memory::desc(dims, memory::data_type::f32, strides);
}

memory::desc CurrentDesc(const Tensor& tensor,
                         const std::vector<int64_t>& dims) {
  const DnnlLayout* layout = LayoutOf(tensor, dims);
  return layout != nullptr ? layout->values().get_desc() : PlainDesc(dims);
}

memory ReadMemory(const Tensor& tensor, const std::vector<int64_t>& dims) {
  const DnnlLayout* layout = LayoutOf(tensor, dims);
  if (layout != nullptr) return layout->values();
  return memory(PlainDesc(dims), DnnlEngine(),
                const_cast<float*>(tensor.data()));
}

memory WriteMemory(const memory::desc& desc, Tensor* tensor) {
  if (desc == PlainDesc(desc.dims())) {
    return memory(desc, DnnlEngine(), tensor->DataToOverwrite());
  }
  std::shared_ptr<KernelLayout> spare = tensor->SpareKernelLayout();
  auto layout = std::dynamic_pointer_cast<DnnlLayout>(spare);
  if (layout == nullptr || layout->values().get_desc() != desc) {
    layout = std::make_shared<DnnlLayout>(desc, tensor->pool().get());
  }
  tensor->SetKernelLayout(layout);
  return layout->values();
}

memory WriteMemoryOver(const Tensor& source, bool take,
                       const memory::desc& desc, Tensor* tensor) {
  const DnnlLayout* layout = LayoutOf(source, desc.dims());
  if (take && layout != nullptr && layout->values().get_desc() == desc) {
    tensor->SetKernelLayout(source.SpareKernelLayout());
    return layout->values();
  }
  memory from = ReadMemory(source, desc.dims());
  memory to = WriteMemory(desc, tensor);
  dnnl::reorder(from, to).execute(DnnlStream(), from, to);
  DnnlStream().wait();
  return to;
}

memory Reordered(const memory& from, const memory::desc& desc,
                 memory* scratch) {
  if (from.get_desc() == desc) return from;
  if (scratch->get(true) == nullptr || scratch->get_desc() != desc) {
    *scratch = memory(desc, DnnlEngine());
  }
  memory source = from;
  dnnl::reorder(source, *scratch).execute(DnnlStream(), source, *scratch);
  return *scratch;
}

}  // namespace quantd
