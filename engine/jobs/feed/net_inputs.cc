#include "engine/jobs/feed/net_inputs.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/status_macros.h"

namespace quantd {

absl::Status KeepImages(int64_t count, Net* net) {
  for (const std::string& name : net->input_names()) {
    ASSIGN_OR_RETURN(Tensor * input, net->MutableBlob(name));
    std::vector<int64_t> dims = input->shape().dims();
    if (dims.empty() || dims[0] <= count) continue;
    dims[0] = count;
    ASSIGN_OR_RETURN(const Shape shape, Shape::Create(dims));
    RETURN_IF_ERROR(input->Resize(shape));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<const Tensor*>> BlobsOf(
    const Net& net, const std::vector<InputShape>& inputs) {
  std::vector<const Tensor*> blobs;
  for (const InputShape& input : inputs) {
    ASSIGN_OR_RETURN(const Tensor* blob, net.Blob(input.blob));
    blobs.push_back(blob);
  }
  return blobs;
}

absl::Status CopyInputs(const Net& from, Net* to) {
  for (const std::string& name : from.input_names()) {
    auto target = to->MutableBlob(name);
    if (!target.ok()) continue;
    ASSIGN_OR_RETURN(const Tensor* source, from.Blob(name));
    RETURN_IF_ERROR((*target)->Resize(source->shape()));
    std::copy_n(source->data(), source->num_elements(), (*target)->data());
  }
  return absl::OkStatus();
}

}  // namespace quantd
