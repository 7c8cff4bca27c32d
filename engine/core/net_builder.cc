#include "engine/core/net_builder.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/core/blob_proto.h"
#include "engine/core/net_inference.h"

namespace quantd {
namespace {

absl::Status BlobError(const std::string& reason, const std::string& message,
                       const std::string& blob) {
  return Error(absl::StatusCode::kInvalidArgument, reason, message,
               {{"blob", blob}});
}

int64_t SizeBytes(const Tensor& blob) {
  return blob.num_elements() * static_cast<int64_t>(sizeof(float));
}

absl::Status CheckPropagateDown(const caffe::LayerParameter& param) {
  if (param.propagate_down_size() == 0 ||
      param.propagate_down_size() == param.bottom_size()) {
    return absl::OkStatus();
  }
  return Error(
      absl::StatusCode::kInvalidArgument, "LAYER_PARAMETER_INVALID",
      absl::StrCat("propagate_down is given ", param.propagate_down_size(),
                   " times for ", param.bottom_size(),
                   " bottoms; give none or one per bottom"),
      {{"field", "propagate_down"}});
}

absl::Status CheckShared(const caffe::ParamSpec& spec, const Tensor& owner,
                         const std::string& owner_layer, const Tensor& blob) {
  const bool fits = spec.share_mode() == caffe::ParamSpec::PERMISSIVE
                        ? owner.num_elements() == blob.num_elements()
                        : owner.shape() == blob.shape();
  if (fits) return absl::OkStatus();
  return Error(absl::StatusCode::kInvalidArgument, "LAYER_PARAMETER_INVALID",
               absl::StrCat("param \"", spec.name(),
                            "\" is shared with layer \"", owner_layer,
                            "\" where it has shape ", owner.shape().ToString(),
                            ", here it has ", blob.shape().ToString()),
               {{"field", "param"},
                {"expected", owner.shape().ToString()},
                {"found", blob.shape().ToString()}});
}

// True if `values` carries nothing for blob `index`: HDF5 files leave out what
// an earlier layer has.
bool IsLeftOut(
    const google::protobuf::RepeatedPtrField<caffe::BlobProto>& values,
    int index) {
  return index >= values.size() ||
         (!values.Get(index).has_shape() && NumValues(values.Get(index)) == 0);
}

absl::StatusOr<std::vector<Shape>> BlobShapes(
    const google::protobuf::RepeatedPtrField<caffe::BlobProto>& blobs) {
  std::vector<Shape> shapes(blobs.size());
  for (int i = 0; i < blobs.size(); ++i) {
    const absl::StatusOr<Shape> shape = ShapeOf(blobs.Get(i));
    RETURN_IF_ERROR(Annotate(shape.status(), absl::StrCat("blob ", i, ": "),
                             {{"blob", absl::StrCat(i)}}));
    shapes[i] = *shape;
  }
  return shapes;
}

}  // namespace

Net::Builder::Builder(const Options& options, bool force_backward,
                      const LayerFactory& factory)
    : options_(options),
      force_backward_(force_backward),
      factory_(factory),
      net_(new Net) {
  net_->max_bytes_ = options.max_bytes;
  if (options.inference) net_->pool_ = BufferPool::Create();
}

absl::Status Net::Builder::AddLayer(const caffe::LayerParameter& param,
                                    const Blobs& blobs) {
  const caffe::Phase phase = param.has_phase() ? param.phase() : options_.phase;
  Node node;
  ASSIGN_OR_RETURN(node.layer, factory_(param, phase));
  RETURN_IF_ERROR(ConnectBottoms(param, &node));
  RETURN_IF_ERROR(ConnectTops(param, &node));
  RETURN_IF_ERROR(SetLossWeights(param, &node));
  RETURN_IF_ERROR(CheckPropagateDown(param));
  node.layer->SetSeed(options_.seed);
  if (!blobs.empty()) {
    ASSIGN_OR_RETURN(std::vector<Shape> shapes, BlobShapes(blobs));
    node.layer->ExpectBlobs(std::move(shapes));
  }
  RETURN_IF_ERROR(node.layer->SetUp(ShapesOf(node.bottoms), node.tops.size()));
  for (const Tensor& blob : node.layer->blobs()) {
    net_->used_bytes_ += SizeBytes(blob);
  }
  std::vector<bool> borrowed(node.layer->blobs().size(), false);
  RETURN_IF_ERROR(ShareBlobs(param, &node, &borrowed));
  if (options_.backward) RETURN_IF_ERROR(AddDiffs(param, &node));
  RETURN_IF_ERROR(LoadBlobs(param.name(), blobs, borrowed, &node));
  RETURN_IF_ERROR(net_->Reshape(&node));
  net_->layers_.push_back(std::move(node));
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Net>> Net::Builder::Finish(
    const std::string& name) && {
  net_->ParamsChanged();
  net_->name_ = name;
  if (options_.backward) PlanBackward();
  net_->output_names_.assign(unconsumed_.begin(), unconsumed_.end());
  if (options_.inference) {
    RETURN_IF_ERROR(InferencePlan(net_.get()).Apply(options_));
  }
  return std::move(net_);
}

absl::Status Net::Builder::ConnectBottoms(const caffe::LayerParameter& param,
                                          Node* node) {
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

absl::Status Net::Builder::ConnectTops(const caffe::LayerParameter& param,
                                       Node* node) {
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

absl::Status Net::Builder::ConnectInPlace(const std::string& name, Node* node) {
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

absl::Status Net::Builder::ConnectNewTop(const std::string& name, Node* node) {
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

Tensor* Net::Builder::NewBlob() {
  net_->blobs_.push_back(std::make_unique<Tensor>());
  Tensor* blob = net_->blobs_.back().get();
  if (options_.inference) blob->UsePool(net_->pool_);
  if (options_.backward) net_->diffs_[blob] = std::make_unique<Tensor>();
  return blob;
}

absl::Status Net::Builder::SetLossWeights(const caffe::LayerParameter& param,
                                          Node* node) {
  const int num_tops = static_cast<int>(node->tops.size());
  if (param.loss_weight_size() != 0 && param.loss_weight_size() != num_tops) {
    return Error(absl::StatusCode::kInvalidArgument, "LAYER_PARAMETER_INVALID",
                 absl::StrCat("loss_weight is given ", param.loss_weight_size(),
                              " times for ", num_tops,
                              " tops; give none or one per top"),
                 {{"field", "loss_weight"}});
  }
  for (int i = 0; i < num_tops; ++i) {
    node->loss_weights.push_back(param.loss_weight_size() > 0
                                     ? param.loss_weight(i)
                                     : node->layer->DefaultLossWeight(i));
  }
  return absl::OkStatus();
}

absl::Status Net::Builder::ShareBlobs(const caffe::LayerParameter& param,
                                      Node* node, std::vector<bool>* borrowed) {
  std::vector<Tensor>& blobs = node->layer->blobs();
  if (param.param_size() > static_cast<int>(blobs.size())) {
    return Error(absl::StatusCode::kInvalidArgument, "LAYER_PARAMETER_INVALID",
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
    RETURN_IF_ERROR(CheckShared(param.param(i), it->second.blob,
                                it->second.layer, blobs[i]));
    blobs[i] = it->second.blob.Reshaped(blobs[i].shape());
    (*borrowed)[i] = true;
  }
  return absl::OkStatus();
}

absl::Status Net::Builder::LoadBlobs(const std::string& name,
                                     const Blobs& values,
                                     const std::vector<bool>& borrowed,
                                     Node* node) {
  std::vector<Tensor>& blobs = node->layer->blobs();
  const int expected = static_cast<int>(blobs.size());
  const int num_borrowed =
      static_cast<int>(std::count(borrowed.begin(), borrowed.end(), true));
  if (values.empty()) {
    if (num_borrowed < expected) {
      net_->layers_without_weights_.push_back(name);
    }
    return absl::OkStatus();
  }
  int found = std::max(expected, values.size());
  for (int i = 0; i < expected; ++i) {
    if (i >= values.size() && !borrowed[i]) --found;
  }
  if (found != expected) {
    return Error(absl::StatusCode::kFailedPrecondition,
                 "MODEL_WEIGHTS_MISMATCH",
                 absl::StrCat("the model carries ", values.size(),
                              " blobs, the layer has ", expected),
                 {{"expected", absl::StrCat(expected)},
                  {"found", absl::StrCat(values.size())}});
  }
  for (int i = 0; i < expected; ++i) {
    if (borrowed[i] && IsLeftOut(values, i)) continue;
    RETURN_IF_ERROR(Annotate(LoadBlob(values.Get(i), &blobs[i]),
                             absl::StrCat("blob ", i, ": "),
                             {{"blob", absl::StrCat(i)}}));
  }
  return absl::OkStatus();
}

absl::Status Net::Builder::AddDiffs(const caffe::LayerParameter& param,
                                    Node* node) {
  std::vector<Tensor> diffs;
  const std::vector<Tensor>& blobs = node->layer->blobs();
  for (int i = 0; i < static_cast<int>(blobs.size()); ++i) {
    const caffe::ParamSpec spec =
        i < param.param_size() ? param.param(i) : caffe::ParamSpec();
    size_t index = net_->params_.size();
    if (!spec.name().empty()) {
      index = param_by_name_.try_emplace(spec.name(), index).first->second;
    }
    if (index == net_->params_.size()) {
      RETURN_IF_ERROR(AddParam(spec, i, node));
    } else {
      RETURN_IF_ERROR(MergeMultipliers(spec, index));
    }
    diffs.push_back(net_->params_[index].diff.Reshaped(blobs[i].shape()));
  }
  node->layer->SetBlobDiffs(std::move(diffs), {});
  return absl::OkStatus();
}

absl::Status Net::Builder::AddParam(const caffe::ParamSpec& spec, int index,
                                    Node* node) {
  const Tensor& blob = node->layer->blobs()[index];
  Param learned;
  learned.layer = static_cast<int>(net_->layers_.size());
  learned.blob = index;
  learned.value = blob;
  RETURN_IF_ERROR(learned.diff.Resize(blob.shape()));
  learned.lr_mult =
      spec.has_lr_mult() ? spec.lr_mult() : node->layer->DefaultLrMult(index);
  learned.decay_mult = spec.decay_mult();
  if (!spec.name().empty()) {
    if (spec.has_lr_mult()) multipliers_given_.insert(spec.name() + "/lr_mult");
    if (spec.has_decay_mult()) {
      multipliers_given_.insert(spec.name() + "/decay_mult");
    }
  }
  net_->used_bytes_ += SizeBytes(blob);
  net_->params_.push_back(std::move(learned));
  return absl::OkStatus();
}

absl::Status Net::Builder::MergeMultipliers(const caffe::ParamSpec& spec,
                                            size_t param) {
  Param& merged = net_->params_[param];
  RETURN_IF_ERROR(MergeMultiplier(spec, "lr_mult", spec.has_lr_mult(),
                                  spec.lr_mult(), &merged.lr_mult));
  return MergeMultiplier(spec, "decay_mult", spec.has_decay_mult(),
                         spec.decay_mult(), &merged.decay_mult);
}

absl::Status Net::Builder::MergeMultiplier(const caffe::ParamSpec& spec,
                                           const char* field, bool given,
                                           float value, float* merged) {
  if (!given) return absl::OkStatus();
  const bool was_given =
      !multipliers_given_.insert(absl::StrCat(spec.name(), "/", field)).second;
  if (was_given && *merged != value) {
    return Error(absl::StatusCode::kInvalidArgument, "LAYER_PARAMETER_INVALID",
                 absl::StrCat("param.", field, " of \"", spec.name(), "\" is ",
                              value, ", but a layer that shares it says ",
                              *merged, "; make them equal"),
                 {{"field", absl::StrCat("param.", field)}});
  }
  *merged = value;
  return absl::OkStatus();
}

void Net::Builder::PlanBackward() {
  for (const auto& blob : net_->blobs_) {
    blob_ids_.emplace(blob.get(), static_cast<int>(blob_ids_.size()));
  }
  std::vector<GradientFacts> facts;
  for (const Node& node : net_->layers_) facts.push_back(FactsOf(node));
  const std::vector<GradientNeeds> needs =
      PlanGradients(facts, force_backward_);
  for (size_t i = 0; i < needs.size(); ++i) {
    Node& node = net_->layers_[i];
    node.needs_backward = needs[i].backward;
    if (node.needs_backward) node.layer->ExpectBackward();
    node.layer->SetBlobDiffs(node.layer->blob_diffs(), needs[i].blobs);
    for (const Tensor* top : node.tops) {
      node.top_diffs.push_back(net_->diffs_[top].get());
    }
    for (size_t b = 0; b < node.bottoms.size(); ++b) {
      node.bottom_diffs.push_back(
          needs[i].bottoms[b] ? net_->diffs_[node.bottoms[b]].get() : nullptr);
    }
  }
}

GradientFacts Net::Builder::FactsOf(const Node& node) const {
  GradientFacts facts;
  const caffe::LayerParameter& param = node.layer->param();
  for (size_t i = 0; i < node.bottoms.size(); ++i) {
    facts.bottoms.push_back(blob_ids_.at(node.bottoms[i]));
    facts.differentiable.push_back(
        node.layer->IsDifferentiable(static_cast<int>(i)));
  }
  for (const Tensor* top : node.tops) {
    facts.tops.push_back(blob_ids_.at(top));
  }
  facts.loss_weights = node.loss_weights;
  facts.propagate_down.assign(param.propagate_down().begin(),
                              param.propagate_down().end());
  for (int i = 0; i < static_cast<int>(node.layer->blobs().size()); ++i) {
    const bool given = i < param.param_size() && param.param(i).has_lr_mult();
    facts.lr_mults.push_back(given ? param.param(i).lr_mult()
                                   : node.layer->DefaultLrMult(i));
  }
  return facts;
}

}  // namespace quantd
