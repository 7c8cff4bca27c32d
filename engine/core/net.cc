#include "engine/core/net.h"

#include <algorithm>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/core/insert_splits.h"
#include "engine/core/net_builder.h"
#include "engine/core/net_inference.h"

namespace quantd {
namespace {

constexpr int64_t kBytesPerElement = sizeof(float);

absl::Status InLayer(const caffe::LayerParameter& param,
                     const absl::Status& status) {
  return Annotate(
      status,
      absl::StrCat("layer \"", param.name(), "\" (", param.type(), "): "),
      {{"layer", param.name()}, {"type", param.type()}});
}

bool HaveShapes(const std::vector<const Tensor*>& tensors,
                const std::vector<Shape>& shapes) {
  return std::equal(tensors.begin(), tensors.end(), shapes.begin(),
                    shapes.end(), [](const Tensor* tensor, const Shape& shape) {
                      return tensor->shape() == shape;
                    });
}

int64_t BytesOf(const Tensor& tensor) {
  return tensor.data() == nullptr ? 0
                                  : tensor.num_elements() * kBytesPerElement;
}

// `param` without its blobs, which would be kept twice.
caffe::LayerParameter WithoutBlobs(const caffe::LayerParameter& param) {
  caffe::LayerParameter copy = param;
  copy.clear_blobs();
  return copy;
}

double Sum(absl::Span<const float> values) {
  double sum = 0;
  for (float value : values) sum += value;
  return sum;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Net>> Net::Create(
    const caffe::NetParameter& model, const Options& options,
    const LayerFactory& factory) {
  Builder builder(options, model.force_backward(), factory);
  caffe::NetParameter with_splits;
  if (options.backward) with_splits = InsertSplits(model);
  for (const caffe::LayerParameter& param :
       options.backward ? with_splits.layer() : model.layer()) {
    const caffe::LayerParameter without_blobs = WithoutBlobs(param);
    RETURN_IF_ERROR(
        InLayer(without_blobs, builder.AddLayer(without_blobs, param.blobs())));
  }
  return std::move(builder).Finish(model.name());
}

absl::StatusOr<std::unique_ptr<Net>> Net::Create(caffe::NetParameter&& model,
                                                 const Options& options,
                                                 const LayerFactory& factory) {
  if (options.backward) model = InsertSplits(model);
  Builder builder(options, model.force_backward(), factory);
  for (caffe::LayerParameter& layer : *model.mutable_layer()) {
    caffe::LayerParameter param;
    param.Swap(&layer);
    Builder::Blobs blobs;
    blobs.Swap(param.mutable_blobs());
    RETURN_IF_ERROR(InLayer(param, builder.AddLayer(param, blobs)));
  }
  return std::move(builder).Finish(model.name());
}

std::vector<Shape> Net::ShapesOf(const std::vector<const Tensor*>& tensors) {
  std::vector<Shape> shapes;
  shapes.reserve(tensors.size());
  for (const Tensor* tensor : tensors) shapes.push_back(tensor->shape());
  return shapes;
}

absl::Status Net::Reshape(Node* node) {
  if (node->reshaped && HaveShapes(node->bottoms, node->bottom_shapes)) {
    return absl::OkStatus();
  }
  std::vector<Shape> bottom_shapes = ShapesOf(node->bottoms);
  std::vector<Shape> top_shapes(node->tops.size());
  RETURN_IF_ERROR(node->layer->Reshape(bottom_shapes, &top_shapes));
  for (int i = 0; i < static_cast<int>(node->tops.size()); ++i) {
    RETURN_IF_ERROR(ResizeTop(node, i, top_shapes[i]));
  }
  node->bottom_shapes = std::move(bottom_shapes);
  node->reshaped = true;
  return absl::OkStatus();
}

absl::Status Net::ResizeTop(Node* node, int index, const Shape& shape) {
  Tensor* top = node->tops[index];
  if (pool_ != nullptr) return top->Resize(shape);
  const auto diff = diffs_.find(top);
  const int64_t copies = diff == diffs_.end() ? 1 : 2;
  const int64_t needed_bytes =
      used_bytes_ +
      copies * (kBytesPerElement * shape.num_elements() - BytesOf(*top));
  if (needed_bytes > max_bytes_) {
    return Error(
        absl::StatusCode::kResourceExhausted, "MEMORY_ESTIMATE_EXCEEDED",
        absl::StrCat("with top ", index, " of shape ", shape.ToString(),
                     " the net needs ", needed_bytes, " bytes; the limit is ",
                     max_bytes_, "; use a smaller batch"),
        {{"needed", absl::StrCat(needed_bytes)},
         {"limit", absl::StrCat(max_bytes_)}});
  }
  used_bytes_ = needed_bytes;
  RETURN_IF_ERROR(top->Resize(shape));
  return diff == diffs_.end() ? absl::OkStatus() : diff->second->Resize(shape);
}

absl::Status Net::FitDiffs(const Node& node) {
  for (const Tensor* top : node.tops) {
    const auto diff = diffs_.find(top);
    if (diff == diffs_.end()) continue;
    RETURN_IF_ERROR(diff->second->Resize(top->shape()));
  }
  return absl::OkStatus();
}

absl::Status Net::Forward(const AfterLayer& after_layer) {
  loss_ = 0;
  if (pool_ != nullptr) RETURN_IF_ERROR(ReshapeForInference());
  for (int index = 0; index < num_layers(); ++index) {
    Node& node = layers_[index];
    const absl::Status status = RunLayer(&node);
    if (!status.ok()) return InLayer(node.layer->param(), status);
    for (size_t i = 0; i < node.tops.size(); ++i) {
      if (node.loss_weights[i] == 0) continue;
      const Tensor& top = *node.tops[i];
      loss_ += node.loss_weights[i] * Sum(top.values());
    }
    if (after_layer) RETURN_IF_ERROR(after_layer(index));
    for (Tensor* blob : node.dead) blob->Release();
  }
  return absl::OkStatus();
}

absl::Status Net::SkipPasses(int64_t passes) {
  for (Node& node : layers_) {
    RETURN_IF_ERROR(
        InLayer(node.layer->param(), node.layer->SkipPasses(passes)));
  }
  return absl::OkStatus();
}

absl::Status Net::ReshapeForInference() {
  bool changed = false;
  for (Node& node : layers_) {
    if (node.reshaped && HaveShapes(node.bottoms, node.bottom_shapes)) continue;
    const absl::Status status = Reshape(&node);
    if (!status.ok()) return InLayer(node.layer->param(), status);
    changed = true;
  }
  return changed ? InferencePlan(this).CheckPeak() : absl::OkStatus();
}

absl::Status Net::RunLayer(Node* node) {
  RETURN_IF_ERROR(Reshape(node));
  if (pool_ == nullptr) {
    RETURN_IF_ERROR(node->layer->Forward(node->bottoms, node->tops));
    return FitDiffs(*node);
  }
  try {
    return node->layer->Forward(node->bottoms, node->tops);
  } catch (const std::bad_alloc&) {
    return Error(absl::StatusCode::kResourceExhausted, "OUT_OF_MEMORY",
                 "no memory for the layer's blobs; use a smaller batch");
  }
}

absl::Status Net::Backward() {
  for (int index = num_layers() - 1; index >= 0; --index) {
    Node& node = layers_[index];
    if (!node.needs_backward) continue;
    for (size_t i = 0; i < node.tops.size(); ++i) {
      if (node.loss_weights[i] == 0) continue;
      absl::Span<float> diff = diffs_[node.tops[i]]->values();
      std::fill(diff.begin(), diff.end(), node.loss_weights[i]);
    }
    const absl::Status status = node.layer->Backward(
        {node.bottoms, node.tops, node.top_diffs, node.bottom_diffs});
    if (!status.ok()) return InLayer(node.layer->param(), status);
  }
  return absl::OkStatus();
}

absl::StatusOr<const Tensor*> Net::Diff(const std::string& name) const {
  ASSIGN_OR_RETURN(const Tensor* blob, Blob(name));
  const auto it = diffs_.find(blob);
  if (it != diffs_.end()) return it->second.get();
  return Error(absl::StatusCode::kNotFound, "BLOB_NOT_FOUND",
               absl::StrCat("blob \"", name,
                            "\" has no gradient: the net was "
                            "made for inference"),
               {{"blob", name}});
}

absl::StatusOr<Tensor*> Net::MutableDiff(const std::string& name) {
  ASSIGN_OR_RETURN(const Tensor* diff, Diff(name));
  return const_cast<Tensor*>(diff);
}

void Net::ClearParamDiffs() {
  for (Param& param : params_) {
    absl::Span<float> diff = param.diff.values();
    std::fill(diff.begin(), diff.end(), 0.0f);
  }
}

void Net::ParamsChanged() {
  if (estimated_peak_bytes_ > 0) return;  // Frozen.
  for (Node& node : layers_) node.layer->BlobsChanged();
}

absl::StatusOr<int> Net::LayerIndex(const std::string& name) const {
  for (int i = 0; i < num_layers(); ++i) {
    if (layers_[i].layer->name() == name) return i;
  }
  return Error(absl::StatusCode::kNotFound, "LAYER_NOT_FOUND",
               absl::StrCat("the net has no layer \"", name, "\""),
               {{"layer", name}});
}

absl::StatusOr<const Tensor*> Net::Blob(const std::string& name) const {
  auto it = blob_by_name_.find(name);
  if (it != blob_by_name_.end()) return it->second;
  const std::string available = absl::StrJoin(blob_names_, ", ");
  return Error(
      absl::StatusCode::kNotFound, "BLOB_NOT_FOUND",
      absl::StrCat("the net has no blob \"", name, "\"; it has ", available),
      {{"blob", name}, {"available", available}});
}

absl::StatusOr<Tensor*> Net::MutableBlob(const std::string& name) {
  ASSIGN_OR_RETURN(const Tensor* blob, Blob(name));
  return const_cast<Tensor*>(blob);
}

}  // namespace quantd
