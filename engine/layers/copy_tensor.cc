#include "engine/layers/copy_tensor.h"

#include <algorithm>

namespace quantd {

void CopyTensor(const Tensor& from, Tensor* to) {
  if (&from == to) return;
  std::copy_n(from.data(), from.num_elements(), to->DataToOverwrite());
}

}  // namespace quantd
