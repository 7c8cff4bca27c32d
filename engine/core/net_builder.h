// Builds a Net layer by layer: wires blobs, shares weights, plans gradients.
// Not here: running it (net.h).
#ifndef QUANTD_ENGINE_CORE_NET_BUILDER_H_
#define QUANTD_ENGINE_CORE_NET_BUILDER_H_

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/core/gradient_plan.h"
#include "engine/core/net.h"
#include "engine/core/tensor.h"
#include "google/protobuf/repeated_field.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// Holds what is needed only until the net is complete. For Net::Create().
//
// Call order: AddLayer() for each layer in file order, then Finish().
class Net::Builder {
 public:
  // force_backward: NetParameter.force_backward. `factory` must outlive this.
  Builder(const Options& options, bool force_backward,
          const LayerFactory& factory);

  using Blobs = google::protobuf::RepeatedPtrField<caffe::BlobProto>;

  // `param` is the layer without its `blobs`, which may be empty.
  // Errors: as Net::Create(), without the layer's name.
  absl::Status AddLayer(const caffe::LayerParameter& param, const Blobs& blobs);

  // Errors: as Net::InferencePlan::Apply().
  absl::StatusOr<std::unique_ptr<Net>> Finish(const std::string& name) &&;

 private:
  // A blob that layers share by param.name, and the first layer that has it.
  struct SharedBlob {
    Tensor blob;
    std::string layer;
  };

  // The layer's bottoms and tops.
  absl::Status ConnectBottoms(const caffe::LayerParameter& param, Node* node);
  absl::Status ConnectTops(const caffe::LayerParameter& param, Node* node);
  absl::Status ConnectInPlace(const std::string& name, Node* node);
  absl::Status ConnectNewTop(const std::string& name, Node* node);
  Tensor* NewBlob();
  static absl::Status SetLossWeights(const caffe::LayerParameter& param,
                                     Node* node);

  // Lets blobs whose param has a name be the same Tensor as the first of it;
  // these are marked in `borrowed`.
  absl::Status ShareBlobs(const caffe::LayerParameter& param, Node* node,
                          std::vector<bool>* borrowed);
  absl::Status LoadBlobs(const std::string& name, const Blobs& values,
                         const std::vector<bool>& borrowed, Node* node);

  // Gives the layer's blobs gradients; shared blobs share theirs.
  absl::Status AddDiffs(const caffe::LayerParameter& param, Node* node);
  // Appends to params(). `spec` is that of blob `index`.
  absl::Status AddParam(const caffe::ParamSpec& spec, int index, Node* node);
  // Layers that share a blob may each give the multipliers, if they agree.
  absl::Status MergeMultipliers(const caffe::ParamSpec& spec, size_t param);
  absl::Status MergeMultiplier(const caffe::ParamSpec& spec, const char* field,
                               bool given, float value, float* merged);

  // Decides which gradients Backward() computes.
  void PlanBackward();
  GradientFacts FactsOf(const Node& node) const;

  const Options options_;
  const bool force_backward_;
  const LayerFactory& factory_;
  std::unique_ptr<Net> net_;
  std::set<std::string> unconsumed_;
  absl::flat_hash_map<std::string, SharedBlob> shared_;
  absl::flat_hash_map<std::string, size_t> param_by_name_;  // Into params_.
  std::set<std::string> multipliers_given_;  // <param name>/<field>
  absl::flat_hash_map<const Tensor*, int> blob_ids_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_CORE_NET_BUILDER_H_
