// A network that runs: layers in file order over named blobs.
// Not here: reading files and phases (engine/model), rewriting (engine/graph).
#ifndef QUANTD_ENGINE_CORE_NET_H_
#define QUANTD_ENGINE_CORE_NET_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/core/buffer_pool.h"
#include "engine/core/layer.h"
#include "engine/core/shape.h"
#include "engine/core/tensor.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// Makes a layer of `param.type()`. Errors: UNIMPLEMENTED, NETWORK_UNSUPPORTED
// for a type that is not known. engine/layers/registry.h has the real one; it
// is an argument so that core does not depend on layers.
using LayerFactory = std::function<absl::StatusOr<std::unique_ptr<Layer>>(
    const caffe::LayerParameter& param, caffe::Phase phase)>;

// Ownership: owns layers and blobs.
// Threads: compatible, not safe.
//
// Example:
//   ASSIGN_OR_RETURN(auto net, Net::Create(model, {}, MakeLayer));
//   ASSIGN_OR_RETURN(Tensor* data, net->MutableBlob("data"));
//   ... fill data->values() ...
//   RETURN_IF_ERROR(net->Forward());
//   ASSIGN_OR_RETURN(const Tensor* prob, net->Blob("prob"));
class Net {
 public:
  struct Options {
    caffe::Phase phase = caffe::TEST;
    // Most bytes of all blobs, weights and gradients together.
    int64_t max_bytes = int64_t{16} << 30;
    // Backward() will be called: blobs with several readers get a Split, blobs
    // and weights get gradients. What is computed follows Caffe's rules
    // (gradient_plan.h) and NetParameter.force_backward.
    bool backward = false;
    // What fillers, dropout and random crops draw from, besides the layers'
    // names: the same seed gives the same numbers in every run.
    uint64_t seed = 0;
    // Forward() at its fastest, with little memory. Layers take over the work
    // of those behind them (Layer::Absorb), which are then gone from the net;
    // blobs live from their writer to their last reader; layers may give up
    // weights that they have packed. Blob() knows inputs, outputs and the
    // blobs named here, no others. Not together with backward.
    bool inference = false;
    // With inference: also by algorithms that round more (some 1e-6 of the
    // largest value), as Winograd's.
    bool fast_math = true;
    // Keep their values until the next pass.
    std::set<std::string> keep_blobs;
    // For an AfterLayer: have their values when their writer has run, not when
    // their last reader has.
    std::set<std::string> watch_blobs;
  };

  // A blob of a layer that a solver may change. Blobs that layers share by
  // param.name are one Param, that of the first layer.
  struct Param {
    int layer = 0;  // Index of the layer, and of the blob in it.
    int blob = 0;
    Tensor value;  // Shares the layer's memory.
    Tensor diff;   // The sum of all gradients since ClearParamDiffs().
    float lr_mult = 1;
    float decay_mult = 1;
  };

  // Called after layer `index` has run, with its tops' values in place. An
  // error stops the pass and is returned by Forward(). Cancellation and
  // observers live here.
  using AfterLayer = std::function<absl::Status(int index)>;

  // Builds the net of `model`, which is upgraded and filtered by phase
  // (engine/model), and loads the blobs that its layers carry; a layer with
  // blobs must carry all of them, one without any keeps its fillers' values
  // (reported by layers_without_weights()).
  // Errors: INVALID_ARGUMENT with layer and blob for dangling or duplicate
  // blobs and illegal parameters; UNIMPLEMENTED, NETWORK_UNSUPPORTED for
  // unknown types; FAILED_PRECONDITION, MODEL_WEIGHTS_MISMATCH with layer and
  // both shapes for blobs that do not fit (legacy 4-D shapes are aligned from
  // the right, as Caffe does).
  static absl::StatusOr<std::unique_ptr<Net>> Create(
      const caffe::NetParameter& model, const Options& options,
      const LayerFactory& factory);
  // The same, but gives up the model's layers one by one as it goes: weights
  // are not there twice.
  static absl::StatusOr<std::unique_ptr<Net>> Create(
      caffe::NetParameter&& model, const Options& options,
      const LayerFactory& factory);

  const std::string& name() const { return name_; }
  int num_layers() const { return static_cast<int>(layers_.size()); }
  const Layer& layer(int index) const { return *layers_[index].layer; }
  Layer& mutable_layer(int index) { return *layers_[index].layer; }
  // Index of the first layer of this name; NOT_FOUND otherwise.
  absl::StatusOr<int> LayerIndex(const std::string& name) const;

  // Inputs and outputs of layer `index`, valid until the net is destroyed.
  const std::vector<const Tensor*>& bottoms(int index) const {
    return layers_[index].bottoms;
  }
  const std::vector<Tensor*>& tops(int index) const {
    return layers_[index].tops;
  }

  // The blob of this name (the last version of an in-place chain). NOT_FOUND,
  // BLOB_NOT_FOUND with the names that exist.
  absl::StatusOr<const Tensor*> Blob(const std::string& name) const;
  // To write a net input, or to resize it; the next Forward() reshapes.
  absl::StatusOr<Tensor*> MutableBlob(const std::string& name);
  // All blobs, in the order of their producers.
  const std::vector<std::string>& blob_names() const { return blob_names_; }
  // Tops of Input layers, in file order.
  const std::vector<std::string>& input_names() const { return input_names_; }
  // Blobs that nobody consumes, sorted by name, as Caffe prints them.
  const std::vector<std::string>& output_names() const { return output_names_; }
  // Layers that have blobs but got none from the model.
  const std::vector<std::string>& layers_without_weights() const {
    return layers_without_weights_;
  }

  // Runs all layers. Shapes follow the inputs: what changed is reshaped.
  absl::Status Forward(const AfterLayer& after_layer = nullptr);

  // Makes the next Forward() what it would be after `passes` more of them: see
  // Layer::SkipPasses(). Errors: those of the layers.
  absl::Status SkipPasses(int64_t passes);

  // With Options::inference: about the most bytes that a Forward() with the
  // present shapes holds at once, weights included. Known, and compared with
  // max_bytes, before memory is taken. 0 otherwise.
  int64_t estimated_peak_bytes() const { return estimated_peak_bytes_; }

  // Sum of loss_weight * top over the last Forward().
  double loss() const { return loss_; }

  // The gradients of the last Forward(), for nets with Options::backward:
  // overwrites those of blobs, adds to those of params(). The gradient of a top
  // with a loss weight is that weight; that of another top that nobody reads is
  // what MutableDiff() got, zero otherwise.
  // Errors: of Layer::Backward().
  absl::Status Backward();

  // The gradient of a blob; zero where none was computed. NOT_FOUND as Blob(),
  // also in a net without Options::backward.
  absl::StatusOr<const Tensor*> Diff(const std::string& name) const;
  absl::StatusOr<Tensor*> MutableDiff(const std::string& name);

  // Everything that can be learned, in Caffe's order: of layers, then blobs.
  // Empty without Options::backward.
  const std::vector<Param>& params() const { return params_; }
  void ClearParamDiffs();
  // After values of params() were written: tells the layers.
  void ParamsChanged();

 private:
  struct Node {
    std::unique_ptr<Layer> layer;
    std::vector<const Tensor*> bottoms;
    std::vector<Tensor*> tops;
    std::vector<Shape> bottom_shapes;  // Of the last Reshape().
    bool reshaped = false;             // At least once.
    std::vector<float> loss_weights;   // One per top.
    // With Options::backward only.
    bool needs_backward = false;
    std::vector<const Tensor*> top_diffs;
    std::vector<Tensor*> bottom_diffs;  // Null where none is wanted.
    // With Options::inference only: blobs that nobody reads afterwards.
    std::vector<Tensor*> dead;
  };

  // Builds a net: what is needed only until it is complete (net_builder.h).
  class Builder;
  // Fuses layers and plans memory, for Options::inference.
  class InferencePlan;

  Net() = default;

  static std::vector<Shape> ShapesOf(const std::vector<const Tensor*>& tensors);

  // Reshapes `node` if its bottoms' shapes are not those of the last time, and
  // resizes its tops.
  absl::Status Reshape(Node* node);
  // Reshapes all that changed, and compares what it needs with max_bytes_.
  absl::Status ReshapeForInference();
  // Errors as Layer::Forward(); RESOURCE_EXHAUSTED if a pool has no memory.
  absl::Status RunLayer(Node* node);
  // Resizes top `index` of `node`, and its gradient.
  absl::Status ResizeTop(Node* node, int index, const Shape& shape);
  // Resizes the gradients of tops whose shapes Forward() changed: those that
  // depend on values.
  absl::Status FitDiffs(const Node& node);

  std::string name_;
  std::vector<Node> layers_;
  // Stable addresses: nodes point into it.
  std::vector<std::unique_ptr<Tensor>> blobs_;
  absl::flat_hash_map<const Tensor*, std::unique_ptr<Tensor>> diffs_;
  std::vector<Param> params_;
  absl::flat_hash_map<std::string, Tensor*> blob_by_name_;
  std::vector<std::string> blob_names_;
  std::vector<std::string> input_names_;
  std::vector<std::string> output_names_;
  std::vector<std::string> layers_without_weights_;
  std::shared_ptr<BufferPool> pool_;  // With Options::inference only.
  int64_t estimated_peak_bytes_ = 0;
  int64_t max_bytes_ = 0;
  int64_t used_bytes_ = 0;  // Of blobs and weights.
  double loss_ = 0;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_CORE_NET_H_
