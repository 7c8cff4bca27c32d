#include "engine/train/trained_layers.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/core/blob_proto.h"

namespace quantd {
namespace {

absl::Status Mismatch(const std::string& layer, const std::string& problem) {
  return Error(absl::StatusCode::kFailedPrecondition, "MODEL_WEIGHTS_MISMATCH",
               absl::StrCat("layer \"", layer, "\": ", problem),
               {{"layer", layer}});
}

absl::Status CheckCount(const std::string& layer, size_t found,
                        size_t expected) {
  if (found == expected) return absl::OkStatus();
  return Mismatch(
      layer, absl::StrCat("has ", expected, " blobs, its weights are ", found));
}

absl::Status CopyLayer(const caffe::LayerParameter& source, Layer* layer) {
  std::vector<Tensor>& blobs = layer->blobs();
  RETURN_IF_ERROR(CheckCount(source.name(), source.blobs_size(), blobs.size()));
  for (int i = 0; i < source.blobs_size(); ++i) {
    RETURN_IF_ERROR(
        Annotate(LoadBlob(source.blobs(i), &blobs[i]),
                 absl::StrCat("layer \"", source.name(), "\", blob ", i, ": "),
                 {{"layer", source.name()}}));
  }
  layer->BlobsChanged();
  return absl::OkStatus();
}

absl::Status ShareLayer(const Layer& owner, Layer* layer) {
  std::vector<Tensor>& blobs = layer->blobs();
  RETURN_IF_ERROR(
      CheckCount(layer->name(), owner.blobs().size(), blobs.size()));
  for (size_t i = 0; i < blobs.size(); ++i) {
    if (blobs[i].shape() != owner.blobs()[i].shape()) {
      return Mismatch(
          layer->name(),
          absl::StrCat("blob ", i, " has shape ", blobs[i].shape().ToString(),
                       " in the test net, ",
                       owner.blobs()[i].shape().ToString(),
                       " in the training net"));
    }
    blobs[i] = owner.blobs()[i];
  }
  layer->BlobsChanged();
  return absl::OkStatus();
}

// What Caffe's layers write into their own parameters: the weight of a loss,
// and that statistics are not learned.
void AddDefaults(const Layer& layer, caffe::LayerParameter* saved) {
  const int num_tops = std::max(saved->top_size(), layer.NumAutomaticTops());
  if (saved->loss_weight_size() == 0 && layer.DefaultLossWeight(0) != 0) {
    for (int i = 0; i < num_tops; ++i) {
      saved->add_loss_weight(layer.DefaultLossWeight(i));
    }
  }
  const int num_blobs = static_cast<int>(layer.blobs().size());
  for (int i = saved->param_size(); i < num_blobs; ++i) {
    if (layer.DefaultLrMult(i) != 0) break;
    saved->add_param()->set_lr_mult(0);
  }
}

}  // namespace

absl::Status CopyTrainedLayers(const caffe::NetParameter& source, Net* net,
                               std::vector<std::string>* ignored) {
  for (const caffe::LayerParameter& layer : source.layer()) {
    const auto index = net->LayerIndex(layer.name());
    if (!index.ok()) {
      if (ignored != nullptr && layer.blobs_size() > 0) {
        ignored->push_back(layer.name());
      }
      continue;
    }
    // A layer that carries nothing, as in a prototxt, changes nothing.
    if (layer.blobs_size() == 0) continue;
    RETURN_IF_ERROR(CopyLayer(layer, &net->mutable_layer(*index)));
  }
  return absl::OkStatus();
}

absl::Status ShareTrainedLayers(Net* owner, Net* net) {
  for (int i = 0; i < net->num_layers(); ++i) {
    const auto index = owner->LayerIndex(net->layer(i).name());
    if (!index.ok() || net->layer(i).blobs().empty()) continue;
    RETURN_IF_ERROR(ShareLayer(owner->layer(*index), &net->mutable_layer(i)));
  }
  return absl::OkStatus();
}

caffe::NetParameter TrainedNet(const Net& net, bool with_diffs) {
  caffe::NetParameter result;
  result.set_name(net.name());
  for (int i = 0; i < net.num_layers(); ++i) {
    const Layer& layer = net.layer(i);
    caffe::LayerParameter* saved = result.add_layer();
    *saved = layer.param();
    saved->set_phase(layer.phase());
    AddDefaults(layer, saved);
    for (size_t b = 0; b < layer.blobs().size(); ++b) {
      *saved->add_blobs() = ToBlobProto(layer.blobs()[b]);
      if (!with_diffs || b >= layer.blob_diffs().size()) continue;
      const Tensor& diff = layer.blob_diffs()[b];
      saved->mutable_blobs()->rbegin()->mutable_diff()->Add(
          diff.values().begin(), diff.values().end());
    }
  }
  return result;
}

}  // namespace quantd
