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
  explicit DnnlLayout(const memory::desc& desc)
      : memory_(desc, DnnlEngine()),
        plain_(PlainDesc(desc.dims()), DnnlEngine(), nullptr),
        to_plain_(memory_, plain_) {}

  const memory& values() const { return memory_; }

  // Cannot report: what fails is only the lack of memory for a stream. Values
  // that cannot be had become NaN, which no later check accepts.
  void CopyToPlain(float* plain) const override {
    try {
      memory to = plain_;
      memory from = memory_;
      to.set_data_handle(plain);
      dnnl::reorder(to_plain_).execute(DnnlStream(), from, to);
      DnnlStream().wait();
    } catch (const std::exception&) {
      const size_t count = plain_.get_desc().get_size() / sizeof(float);
      std::fill_n(plain, count, std::numeric_limits<float>::quiet_NaN());
    }
  }

  absl::Span<const float> stored_values() const override {
    return {static_cast<const float*>(memory_.get_data_handle()),
            memory_.get_desc().get_size() / sizeof(float)};
  }

 private:
  const memory memory_;
  const memory plain_;
  const dnnl::reorder to_plain_;
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
    layout = std::make_shared<DnnlLayout>(desc);
  }
  tensor->SetKernelLayout(layout);
  return layout->values();
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
