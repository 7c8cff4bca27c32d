#include "engine/core/net.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/core/blob_proto.h"

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

absl::Status BlobError(const std::string& reason, const std::string& message,
                       const std::string& blob) {
  return Error(absl::StatusCode::kInvalidArgument, reason, message,
               {{"blob", blob}});
}

std::vector<Shape> ShapesOf(const std::vector<const Tensor*>& tensors) {
  std::vector<Shape> shapes;
  shapes.reserve(tensors.size());
  for (const Tensor* tensor : tensors) shapes.push_back(tensor->shape());
  return shapes;
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

class Net::Builder {
 public:
  Builder(const Options& options, const LayerFactory& factory)
      : options_(options), factory_(factory), net_(new Net) {
    net_->max_bytes_ = options.max_bytes;
  }

  absl::Status AddLayer(const caffe::LayerParameter& param) {
    return InLayer(param, AddLayerUnnamed(param));
  }

  std::unique_ptr<Net> Finish(const std::string& name) && {
    for (Node& node : net_->layers_) node.layer->BlobsChanged();
    net_->name_ = name;
    net_->output_names_.assign(unconsumed_.begin(), unconsumed_.end());
    return std::move(net_);
  }

 private:
  // A blob that layers share by param.name, and the first layer that has it.
  struct SharedBlob {
    Tensor blob;
    std::string layer;
  };

  absl::Status AddLayerUnnamed(const caffe::LayerParameter& param) {
    const caffe::Phase phase =
        param.has_phase() ? param.phase() : options_.phase;
    Node node;
    ASSIGN_OR_RETURN(node.layer, factory_(WithoutBlobs(param), phase));
    RETURN_IF_ERROR(ConnectBottoms(param, &node));
    RETURN_IF_ERROR(ConnectTops(param, &node));
    RETURN_IF_ERROR(SetLossWeights(param, &node));
    if (param.blobs_size() > 0) node.layer->SkipFillers();
    RETURN_IF_ERROR(
        node.layer->SetUp(ShapesOf(node.bottoms), node.tops.size()));
    for (const Tensor& blob : node.layer->blobs()) {
      net_->used_bytes_ += blob.num_elements() * kBytesPerElement;
    }
    RETURN_IF_ERROR(ShareBlobs(param, &node));
    RETURN_IF_ERROR(LoadBlobs(param, &node));
    RETURN_IF_ERROR(net_->Reshape(&node));
    net_->layers_.push_back(std::move(node));
    return absl::OkStatus();
  }

  absl::Status ConnectBottoms(const caffe::LayerParameter& param, Node* node) {
    for (int i = 0; i < param.bottom_size(); ++i) {
      const std::string& name = param.bottom(i);
      auto it = net_->blob_by_name_.find(name);
      if (it == net_->blob_by_name_.end()) {
        return BlobError("NET_BLOB_UNKNOWN",
                         absl::StrCat("bottom ", i, ", blob \"", name,
                                      "\", is the top of no layer before it"),
                         name);
      }
      node->bottoms.push_back(it->second);
      unconsumed_.erase(name);
    }
    return absl::OkStatus();
  }

  absl::Status ConnectTops(const caffe::LayerParameter& param, Node* node) {
    for (int i = 0; i < param.top_size(); ++i) {
      const std::string& name = param.top(i);
      if (i < param.bottom_size() && param.bottom(i) == name) {
        RETURN_IF_ERROR(ConnectInPlace(name, node));
      } else {
        RETURN_IF_ERROR(ConnectNewTop(name, node));
      }
      unconsumed_.insert(name);
      if (param.type() == "Input") net_->input_names_.push_back(name);
    }
    while (static_cast<int>(node->tops.size()) <
           node->layer->NumAutomaticTops()) {
      node->tops.push_back(NewBlob());
    }
    return absl::OkStatus();
  }

  absl::Status ConnectInPlace(const std::string& name, Node* node) {
    if (!node->layer->AllowsInPlace()) {
      return BlobError("NET_IN_PLACE_UNSUPPORTED",
                       absl::StrCat("blob \"", name,
                                    "\" is bottom and top, but this type "
                                    "cannot work in place; name the top "
                                    "differently"),
                       name);
    }
    node->tops.push_back(net_->blob_by_name_[name]);
    return absl::OkStatus();
  }

  absl::Status ConnectNewTop(const std::string& name, Node* node) {
    if (net_->blob_by_name_.contains(name)) {
      return BlobError("NET_BLOB_DUPLICATE",
                       absl::StrCat("top blob \"", name,
                                    "\" is produced by an earlier layer too"),
                       name);
    }
    Tensor* blob = NewBlob();
    net_->blob_by_name_[name] = blob;
    net_->blob_names_.push_back(name);
    node->tops.push_back(blob);
    return absl::OkStatus();
  }

  Tensor* NewBlob() {
    net_->blobs_.push_back(std::make_unique<Tensor>());
    return net_->blobs_.back().get();
  }

  absl::Status SetLossWeights(const caffe::LayerParameter& param, Node* node) {
    const int num_tops = static_cast<int>(node->tops.size());
    if (param.loss_weight_size() != 0 && param.loss_weight_size() != num_tops) {
      return Error(absl::StatusCode::kInvalidArgument,
                   "LAYER_PARAMETER_INVALID",
                   absl::StrCat("loss_weight is given ",
                                param.loss_weight_size(), " times for ",
                                num_tops, " tops; give none or one per top"),
                   {{"field", "loss_weight"}});
    }
    for (int i = 0; i < num_tops; ++i) {
      node->loss_weights.push_back(param.loss_weight_size() > 0
                                       ? param.loss_weight(i)
                                       : node->layer->DefaultLossWeight(i));
    }
    return absl::OkStatus();
  }

  // Lets blobs whose param has a name be the same Tensor as the first of it.
  absl::Status ShareBlobs(const caffe::LayerParameter& param, Node* node) {
    std::vector<Tensor>& blobs = node->layer->blobs();
    if (param.param_size() > static_cast<int>(blobs.size())) {
      return Error(absl::StatusCode::kInvalidArgument,
                   "LAYER_PARAMETER_INVALID",
                   absl::StrCat("param is given ", param.param_size(),
                                " times, the layer has ", blobs.size(),
                                " blobs; remove the others"),
                   {{"field", "param"}});
    }
    for (int i = 0; i < param.param_size(); ++i) {
      if (param.param(i).name().empty()) continue;
      auto [it, is_first] = shared_.try_emplace(
          param.param(i).name(), SharedBlob{blobs[i], param.name()});
      if (is_first) continue;
      RETURN_IF_ERROR(CheckShared(param.param(i), it->second, blobs[i]));
      blobs[i] = it->second.blob.Reshaped(blobs[i].shape());
      ++num_shared_[param.name()];
    }
    return absl::OkStatus();
  }

  static absl::Status CheckShared(const caffe::ParamSpec& spec,
                                  const SharedBlob& owner, const Tensor& blob) {
    const bool fits = spec.share_mode() == caffe::ParamSpec::PERMISSIVE
                          ? owner.blob.num_elements() == blob.num_elements()
                          : owner.blob.shape() == blob.shape();
    if (fits) return absl::OkStatus();
    return Error(
        absl::StatusCode::kInvalidArgument, "LAYER_PARAMETER_INVALID",
        absl::StrCat("param \"", spec.name(), "\" is shared with layer \"",
                     owner.layer, "\" where it has shape ",
                     owner.blob.shape().ToString(), ", here it has ",
                     blob.shape().ToString()),
        {{"field", "param"},
         {"expected", owner.blob.shape().ToString()},
         {"found", blob.shape().ToString()}});
  }

  absl::Status LoadBlobs(const caffe::LayerParameter& param, Node* node) {
    std::vector<Tensor>& blobs = node->layer->blobs();
    const int expected = static_cast<int>(blobs.size());
    if (param.blobs_size() == 0) {
      if (num_shared_[param.name()] < expected) {
        net_->layers_without_weights_.push_back(param.name());
      }
      return absl::OkStatus();
    }
    if (param.blobs_size() != expected) {
      return Error(absl::StatusCode::kFailedPrecondition,
                   "MODEL_WEIGHTS_MISMATCH",
                   absl::StrCat("the model carries ", param.blobs_size(),
                                " blobs, the layer has ", expected),
                   {{"expected", absl::StrCat(expected)},
                    {"found", absl::StrCat(param.blobs_size())}});
    }
    for (int i = 0; i < expected; ++i) {
      RETURN_IF_ERROR(Annotate(LoadBlob(param.blobs(i), &blobs[i]),
                               absl::StrCat("blob ", i, ": ")));
    }
    return absl::OkStatus();
  }

  const Options options_;
  const LayerFactory& factory_;
  std::unique_ptr<Net> net_;
  absl::flat_hash_map<std::string, SharedBlob> shared_;
  absl::flat_hash_map<std::string, int> num_shared_;  // By layer.
  std::set<std::string> unconsumed_;
};

absl::StatusOr<std::unique_ptr<Net>> Net::Create(
    const caffe::NetParameter& model, const Options& options,
    const LayerFactory& factory) {
  Builder builder(options, factory);
  for (const caffe::LayerParameter& param : model.layer()) {
    RETURN_IF_ERROR(builder.AddLayer(param));
  }
  return std::move(builder).Finish(model.name());
}

absl::Status Net::Reshape(Node* node) {
  std::vector<Shape> bottom_shapes = ShapesOf(node->bottoms);
  const bool unchanged = node->reshaped && bottom_shapes == node->bottom_shapes;
  if (unchanged) return absl::OkStatus();
  std::vector<Shape> top_shapes(node->tops.size());
  RETURN_IF_ERROR(node->layer->Reshape(bottom_shapes, &top_shapes));
  for (size_t i = 0; i < node->tops.size(); ++i) {
    const int64_t needed_bytes =
        used_bytes_ - BytesOf(*node->tops[i]) +
        kBytesPerElement * top_shapes[i].num_elements();
    if (needed_bytes > max_bytes_) {
      return Error(
          absl::StatusCode::kResourceExhausted, "MEMORY_ESTIMATE_EXCEEDED",
          absl::StrCat("with top ", i, " of shape ", top_shapes[i].ToString(),
                       " the net needs ", needed_bytes, " bytes; the limit is ",
                       max_bytes_, "; use a smaller batch"),
          {{"needed", absl::StrCat(needed_bytes)},
           {"limit", absl::StrCat(max_bytes_)}});
    }
    used_bytes_ = needed_bytes;
    RETURN_IF_ERROR(node->tops[i]->Resize(top_shapes[i]));
  }
  node->bottom_shapes = std::move(bottom_shapes);
  node->reshaped = true;
  return absl::OkStatus();
}

absl::Status Net::Forward(const AfterLayer& after_layer) {
  loss_ = 0;
  for (int index = 0; index < num_layers(); ++index) {
    Node& node = layers_[index];
    const caffe::LayerParameter& param = node.layer->param();
    absl::Status status = Reshape(&node);
    if (status.ok()) status = node.layer->Forward(node.bottoms, node.tops);
    if (!status.ok()) return InLayer(param, status);
    for (size_t i = 0; i < node.tops.size(); ++i) {
      if (node.loss_weights[i] == 0) continue;
      const Tensor& top = *node.tops[i];
      loss_ += node.loss_weights[i] * Sum(top.values());
    }
    if (after_layer) RETURN_IF_ERROR(after_layer(index));
  }
  return absl::OkStatus();
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
