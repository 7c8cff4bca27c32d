#include "engine/simulator/sum_whole_numbers.h"

#include <map>
#include <set>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "base/status_macros.h"
#include "engine/graph/graph_view.h"
#include "engine/integer/integer_layer.h"
#include "engine/kernels/fake_quant.h"
#include "engine/layers/quant_params.h"
#include "engine/model/shared_params.h"
#include "engine/simulator/weight_scale.h"
#include "engine/simulator/whole_weights.h"
#include "google/protobuf/repeated_field.h"

namespace quantd {
namespace {

void SetFloats(const std::vector<float>& values, caffe::BlobProto* blob) {
  blob->clear_double_data();
  blob->clear_int8_data();
  blob->clear_int32_data();
  blob->mutable_data()->Assign(values.begin(), values.end());
}

class Rewriter {
 public:
  // All must outlive this; `view` is that of `net`.
  Rewriter(caffe::NetParameter* net, const GraphView& view,
           const KnownScales& scales)
      : net_(*net),
        view_(view),
        scales_(scales),
        shared_params_(SharedParams(*net)) {
    for (const caffe::LayerParameter& layer : net_.layer()) {
      names_.insert(layer.name());
      names_.insert(layer.top().begin(), layer.top().end());
    }
  }

  // Fills all but the net.
  WholeNumberNet Run(
      const std::function<bool(const std::string&)>& is_observed) {
    FindLayers();
    Layers layers;
    layers.Swap(net_.mutable_layer());
    for (int i = 0; i < layers.size(); ++i) {
      caffe::LayerParameter* layer = layers.Mutable(i);
      if (quants_.count(i) > 0) {
        AddQuant(i, is_observed(layer->top(0)), layer);
      } else if (weights_.count(i) > 0) {
        AddSums(i, layer);
      } else {
        net_.add_layer()->Swap(layer);
      }
    }
    return std::move(result_);
  }

 private:
  using Layers = google::protobuf::RepeatedPtrField<caffe::LayerParameter>;

  // Index of the Quant layer before layer `index`; -1 if there is none, or
  // `index` has no weights that could be whole.
  int QuantBefore(int index) const {
    const caffe::LayerParameter& layer = net_.layer(index);
    if (!RunsInIntegers(layer.type()) || layer.bottom_size() != 1 ||
        layer.top_size() != 1) {
      return -1;
    }
    const int quant = view_.blob(view_.bottoms(index)[0]).producer;
    const caffe::LayerParameter& before = net_.layer(quant);
    return before.type() == "Quant" && before.bottom_size() == 1 &&
                   before.top_size() == 1
               ? quant
               : -1;
  }

  // Finds the layers to change, and the Quant layers before them.
  void FindLayers() {
    for (int i = 0; i < net_.layer_size(); ++i) {
      const int quant = QuantBefore(i);
      if (quant < 0) continue;
      const FakeQuantParams params =
          FakeQuantParamsOf(net_.layer(quant).quant_param());
      if (!CheckFakeQuantParams(params).ok()) continue;  // Its layer reports.
      const caffe::LayerParameter& layer = net_.layer(i);
      absl::optional<WholeWeights> weights;
      // What other layers have too cannot be changed for one.
      if (FirstSharedParam(layer, shared_params_).empty()) {
        weights = FindWholeWeights(layer, params, ScalesOf(layer.name()));
      }
      const bool in_parts = weights && weights->largest_sum >= kMaxWholeSum;
      absl::optional<SplitParams> split;
      if (in_parts) split = SplitOf(layer, params, *weights);
      if (!weights || (in_parts && !split)) {
        result_.float_sums.push_back(layer.name());
        continue;
      }
      if (split) splits_[i] = *split;
      weights_.emplace(i, *std::move(weights));
      ++quants_[quant];
    }
  }

  // None if axis 0 may not be that of images: there can be no parts.
  static absl::optional<SplitParams> SplitOf(const caffe::LayerParameter& layer,
                                             const FakeQuantParams& params,
                                             const WholeWeights& weights) {
    const int axis = layer.type() == "InnerProduct"
                         ? layer.inner_product_param().axis()
                         : layer.convolution_param().axis();
    if (axis < 1) return absl::nullopt;
    return FindSplit(LargestInput(params), weights.largest_weights);
  }

  absl::Span<const float> ScalesOf(const std::string& layer) const {
    const auto scales = scales_.find(layer);
    if (scales == scales_.end()) return {};
    return scales->second;
  }

  // Writes the Quant layer `index`.
  void AddQuant(int index, bool observed, caffe::LayerParameter* layer) {
    const GraphView::Blob& top = view_.blob(view_.tops(index)[0]);
    caffe::LayerParameter whole = *layer;
    whole.set_type(kWholeQuantType);
    const bool alone =
        !observed && quants_[index] == static_cast<int>(top.consumers.size());
    if (!alone) {
      whole.set_name(NewName(layer->name() + "/whole"));
      whole.set_top(0, whole.name());
    }
    whole_tops_[index] = whole.top(0);
    net_.add_layer()->Swap(&whole);
    if (!alone) net_.add_layer()->Swap(layer);
  }

  // Writes layer `index`, and what is in front of it and behind.
  void AddSums(int index, caffe::LayerParameter* layer) {
    WholeWeights& weights = weights_[index];
    SetFloats(weights.codes, layer->mutable_blobs(0));
    const std::string& whole =
        whole_tops_[view_.blob(view_.bottoms(index)[0]).producer];
    const std::string top = layer->top(0);
    const int axis = layer->type() == "InnerProduct"
                         ? -1
                         : layer->convolution_param().axis();
    layer->set_top(0, NewName(layer->name() + "/sums"));
    const auto split = splits_.find(index);
    if (split == splits_.end()) {
      AddWithScale(whole, top, axis, weights, layer);
    } else {
      AddInParts(whole, top, split->second, axis, &weights, layer);
    }
    weights_.erase(index);  // Its memory.
  }

  // The layer, and the Scale behind it.
  void AddWithScale(const std::string& whole, const std::string& top, int axis,
                    const WholeWeights& weights, caffe::LayerParameter* layer) {
    if (layer->blobs_size() > 1) {
      SetFloats({weights.bias.begin(), weights.bias.end()},
                layer->mutable_blobs(1));
    }
    caffe::LayerParameter scale;
    scale.set_name(NewName(layer->name() + "/steps"));
    scale.set_type("Scale");
    scale.add_bottom(layer->top(0));
    scale.add_top(top);
    scale.mutable_scale_param()->set_axis(axis);
    caffe::BlobProto* factors = scale.add_blobs();
    factors->mutable_shape()->add_dim(
        static_cast<int64_t>(weights.steps.size()));
    SetFloats(weights.steps, factors);
    layer->set_bottom(0, whole);
    net_.add_layer()->Swap(layer);
    net_.add_layer()->Swap(&scale);
  }

  // The layer without bias, between a layer that splits and one that joins.
  void AddInParts(const std::string& whole, const std::string& top,
                  const SplitParams& params, int axis, WholeWeights* weights,
                  caffe::LayerParameter* layer) {
    caffe::LayerParameter split;
    split.set_name(NewName(layer->name() + "/parts"));
    split.set_type(kSplitType);
    split.add_bottom(whole);
    split.add_top(split.name());
    result_.splits[split.name()] = params;
    caffe::LayerParameter join;
    join.set_name(NewName(layer->name() + "/steps"));
    join.set_type(kJoinType);
    join.add_bottom(layer->top(0));
    join.add_top(top);
    result_.joins[join.name()] = {params, axis, std::move(weights->bias),
                                  std::move(weights->steps)};
    layer->set_bottom(0, split.top(0));
    if (layer->blobs_size() > 1) {
      layer->mutable_blobs()->RemoveLast();
      if (layer->param_size() > 1) layer->mutable_param()->RemoveLast();
      if (layer->type() == "InnerProduct") {
        layer->mutable_inner_product_param()->set_bias_term(false);
      } else {
        layer->mutable_convolution_param()->set_bias_term(false);
      }
    }
    for (caffe::LayerParameter* part : {&split, layer, &join}) {
      net_.add_layer()->Swap(part);
    }
  }

  std::string NewName(std::string name) {
    while (!names_.insert(name).second) name += "'";
    return name;
  }

  caffe::NetParameter& net_;
  const GraphView& view_;
  const KnownScales& scales_;
  const absl::flat_hash_set<std::string> shared_params_;
  std::set<std::string> names_;
  WholeNumberNet result_;
  std::map<int, WholeWeights> weights_;    // By layer.
  std::map<int, SplitParams> splits_;      // Of them.
  std::map<int, int> quants_;              // Readers that are in weights_.
  std::map<int, std::string> whole_tops_;  // By Quant layer.
};

}  // namespace

absl::StatusOr<WholeNumberNet> SumWholeNumbers(
    caffe::NetParameter net, const KnownScales& scales,
    const std::function<bool(const std::string&)>& is_observed) {
  ASSIGN_OR_RETURN(const GraphView view, GraphView::Create(net));
  WholeNumberNet result = Rewriter(&net, view, scales).Run(is_observed);
  result.net = std::move(net);
  return result;
}

}  // namespace quantd
