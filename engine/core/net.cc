#include "engine/core/net.h"

#include <algorithm>
#include <new>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/core/blob_proto.h"
#include "engine/core/gradient_plan.h"
#include "engine/core/insert_splits.h"
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

class Net::Builder {
 public:
  Builder(const Options& options, bool force_backward,
          const LayerFactory& factory)
      : options_(options),
        force_backward_(force_backward),
        factory_(factory),
        net_(new Net) {
    net_->max_bytes_ = options.max_bytes;
    if (options.inference) net_->pool_ = BufferPool::Create();
  }

  absl::Status AddLayer(const caffe::LayerParameter& layer) {
    const caffe::LayerParameter param = WithoutBlobs(layer);
    return InLayer(param, AddLayerUnnamed(param, layer.blobs()));
  }

  // Takes the layer away.
  absl::Status MoveLayer(caffe::LayerParameter* layer) {
    caffe::LayerParameter param = std::move(*layer);
    layer->Clear();
    Blobs blobs;
    blobs.Swap(param.mutable_blobs());
    return InLayer(param, AddLayerUnnamed(param, blobs));
  }

  absl::StatusOr<std::unique_ptr<Net>> Finish(const std::string& name) && {
    net_->ParamsChanged();
    net_->name_ = name;
    if (options_.backward) PlanBackward();
    net_->output_names_.assign(unconsumed_.begin(), unconsumed_.end());
    if (options_.inference) {
      RETURN_IF_ERROR(InferencePlan(net_.get()).Apply(options_.keep_blobs));
    }
    return std::move(net_);
  }

 private:
  // A blob that layers share by param.name, and the first layer that has it.
  struct SharedBlob {
    Tensor blob;
    std::string layer;
  };

  using Blobs = google::protobuf::RepeatedPtrField<caffe::BlobProto>;

  // `param` is the layer without its `blobs`.
  absl::Status AddLayerUnnamed(const caffe::LayerParameter& param,
                               const Blobs& blobs) {
    const caffe::Phase phase =
        param.has_phase() ? param.phase() : options_.phase;
    Node node;
    ASSIGN_OR_RETURN(node.layer, factory_(param, phase));
    RETURN_IF_ERROR(ConnectBottoms(param, &node));
    RETURN_IF_ERROR(ConnectTops(param, &node));
    RETURN_IF_ERROR(SetLossWeights(param, &node));
    RETURN_IF_ERROR(CheckPropagateDown(param));
    if (!blobs.empty()) node.layer->SkipFillers();
    RETURN_IF_ERROR(
        node.layer->SetUp(ShapesOf(node.bottoms), node.tops.size()));
    for (const Tensor& blob : node.layer->blobs()) {
      net_->used_bytes_ += blob.num_elements() * kBytesPerElement;
    }
    std::vector<bool> borrowed(node.layer->blobs().size(), false);
    RETURN_IF_ERROR(ShareBlobs(param, &node, &borrowed));
    if (options_.backward) RETURN_IF_ERROR(AddDiffs(param, &node));
    RETURN_IF_ERROR(LoadBlobs(param.name(), blobs, borrowed, &node));
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
    Tensor* blob = net_->blobs_.back().get();
    if (options_.inference) blob->UsePool(net_->pool_);
    if (options_.backward) net_->diffs_[blob] = std::make_unique<Tensor>();
    return blob;
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

  static absl::Status CheckPropagateDown(const caffe::LayerParameter& param) {
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

  // Lets blobs whose param has a name be the same Tensor as the first of it;
  // these are marked in `borrowed`.
  absl::Status ShareBlobs(const caffe::LayerParameter& param, Node* node,
                          std::vector<bool>* borrowed) {
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
      (*borrowed)[i] = true;
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

  // True if `values` carries nothing for blob `index`: HDF5 files leave out
  // what an earlier layer has.
  static bool IsLeftOut(const Blobs& values, int index) {
    return index >= values.size() ||
           (!values.Get(index).has_shape() &&
            NumValues(values.Get(index)) == 0);
  }

  absl::Status LoadBlobs(const std::string& name, const Blobs& values,
                         const std::vector<bool>& borrowed, Node* node) {
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

  // Gives the layer's blobs gradients; shared blobs share theirs.
  absl::Status AddDiffs(const caffe::LayerParameter& param, Node* node) {
    std::vector<Tensor> diffs;
    const std::vector<Tensor>& blobs = node->layer->blobs();
    for (int i = 0; i < static_cast<int>(blobs.size()); ++i) {
      const caffe::ParamSpec spec =
          i < param.param_size() ? param.param(i) : caffe::ParamSpec();
      const auto [it, is_first] =
          spec.name().empty()
              ? std::make_pair(param_by_name_.end(), true)
              : param_by_name_.try_emplace(spec.name(), net_->params_.size());
      if (!is_first) {
        RETURN_IF_ERROR(MergeMultipliers(spec, it->second));
        diffs.push_back(
            net_->params_[it->second].diff.Reshaped(blobs[i].shape()));
        continue;
      }
      Net::Param learned;
      learned.layer = static_cast<int>(net_->layers_.size());
      learned.blob = i;
      learned.value = blobs[i];
      RETURN_IF_ERROR(learned.diff.Resize(blobs[i].shape()));
      learned.lr_mult =
          spec.has_lr_mult() ? spec.lr_mult() : node->layer->DefaultLrMult(i);
      learned.decay_mult = spec.decay_mult();
      if (!spec.name().empty()) {
        if (spec.has_lr_mult()) {
          multipliers_given_.insert(absl::StrCat(spec.name(), "/lr_mult"));
        }
        if (spec.has_decay_mult()) {
          multipliers_given_.insert(absl::StrCat(spec.name(), "/decay_mult"));
        }
      }
      net_->used_bytes_ += blobs[i].num_elements() * kBytesPerElement;
      diffs.push_back(learned.diff);
      net_->params_.push_back(std::move(learned));
    }
    node->layer->SetBlobDiffs(std::move(diffs), {});
    return absl::OkStatus();
  }

  // Layers that share a blob may each give the multipliers, if they agree.
  absl::Status MergeMultipliers(const caffe::ParamSpec& spec, size_t index) {
    Net::Param& param = net_->params_[index];
    RETURN_IF_ERROR(MergeMultiplier(spec, "lr_mult", spec.has_lr_mult(),
                                    spec.lr_mult(), &param.lr_mult));
    return MergeMultiplier(spec, "decay_mult", spec.has_decay_mult(),
                           spec.decay_mult(), &param.decay_mult);
  }

  absl::Status MergeMultiplier(const caffe::ParamSpec& spec, const char* field,
                               bool given, float value, float* merged) {
    if (!given) return absl::OkStatus();
    const bool was_given =
        !multipliers_given_.insert(absl::StrCat(spec.name(), "/", field))
             .second;
    if (was_given && *merged != value) {
      return Error(
          absl::StatusCode::kInvalidArgument, "LAYER_PARAMETER_INVALID",
          absl::StrCat("param.", field, " of \"", spec.name(), "\" is ", value,
                       ", but a layer that shares it says ", *merged,
                       "; make them equal"),
          {{"field", absl::StrCat("param.", field)}});
    }
    *merged = value;
    return absl::OkStatus();
  }

  GradientFacts FactsOf(const Node& node) const {
    GradientFacts facts;
    const caffe::LayerParameter& param = node.layer->param();
    for (size_t i = 0; i < node.bottoms.size(); ++i) {
      facts.bottoms.push_back(IdOf(node.bottoms[i]));
      facts.differentiable.push_back(
          node.layer->IsDifferentiable(static_cast<int>(i)));
    }
    for (const Tensor* top : node.tops) facts.tops.push_back(IdOf(top));
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

  int IdOf(const Tensor* blob) const { return blob_ids_.at(blob); }

  void PlanBackward() {
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
        node.bottom_diffs.push_back(needs[i].bottoms[b]
                                        ? net_->diffs_[node.bottoms[b]].get()
                                        : nullptr);
      }
    }
  }

  const Options options_;
  const bool force_backward_;
  const LayerFactory& factory_;
  absl::flat_hash_map<std::string, size_t> param_by_name_;  // Into params_.
  std::set<std::string> multipliers_given_;  // <param name>/<field>
  absl::flat_hash_map<const Tensor*, int> blob_ids_;
  std::unique_ptr<Net> net_;
  absl::flat_hash_map<std::string, SharedBlob> shared_;
  std::set<std::string> unconsumed_;
};

absl::StatusOr<std::unique_ptr<Net>> Net::Create(
    const caffe::NetParameter& model, const Options& options,
    const LayerFactory& factory) {
  Builder builder(options, model.force_backward(), factory);
  caffe::NetParameter with_splits;
  if (options.backward) with_splits = InsertSplits(model);
  for (const caffe::LayerParameter& param :
       options.backward ? with_splits.layer() : model.layer()) {
    RETURN_IF_ERROR(builder.AddLayer(param));
  }
  return std::move(builder).Finish(model.name());
}

absl::StatusOr<std::unique_ptr<Net>> Net::Create(caffe::NetParameter&& model,
                                                 const Options& options,
                                                 const LayerFactory& factory) {
  if (options.backward) model = InsertSplits(std::move(model));
  Builder builder(options, model.force_backward(), factory);
  for (caffe::LayerParameter& layer : *model.mutable_layer()) {
    RETURN_IF_ERROR(builder.MoveLayer(&layer));
  }
  return std::move(builder).Finish(model.name());
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
    return node->layer->Forward(node->bottoms, node->tops);
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
