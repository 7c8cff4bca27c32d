// The contract of a layer: what every Caffe layer type implements.
// Not here: the list of types (engine/layers/registry.h), running many layers
// (engine/core/net.h).
#ifndef QUANTD_ENGINE_CORE_LAYER_H_
#define QUANTD_ENGINE_CORE_LAYER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "engine/core/shape.h"
#include "engine/core/tensor.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// Bottoms are read, tops are written. A top may be the same Tensor as a bottom
// (in-place) for types that say so by AllowsInPlace().
using Bottoms = absl::Span<const Tensor* const>;
using Tops = absl::Span<Tensor* const>;

// One layer of a net.
//
// Call order: SetUp() once with the shapes of the first run, then blobs are
// loaded, then Reshape() and Forward() any number of times; Reshape() again
// whenever a bottom's shape changed. Backward() follows a Forward().
// Errors: statuses carry a reason (base/error.h) and name the field; the net
//   adds the layer's name and type.
// Threads: one thread calls a layer; a layer may use threads of its own.
class Layer {
 public:
  // 2 GiB: the largest caffemodel.
  static constexpr int64_t kMaxBlobElements = int64_t{1} << 29;

  Layer(const caffe::LayerParameter& param, caffe::Phase phase)
      : param_(param), phase_(phase) {}
  virtual ~Layer() = default;
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;

  const std::string& name() const { return param_.name(); }
  const std::string& type() const { return param_.type(); }
  const caffe::LayerParameter& param() const { return param_; }
  caffe::Phase phase() const { return phase_; }

  // Checks the parameters and the number of bottoms and tops, and creates
  // blobs() with their shapes, filled with zeros or by the fillers.
  virtual absl::Status SetUp(absl::Span<const Shape> bottoms, int num_tops) = 0;

  // Says before SetUp() that all blobs will be loaded: fillers need not run.
  void SkipFillers() { skip_fillers_ = true; }

  // Sets `tops` (num_tops of them) from the bottoms' shapes. Allocates nothing
  // that depends on the data.
  virtual absl::Status Reshape(absl::Span<const Shape> bottoms,
                               std::vector<Shape>* tops) = 0;

  // Computes the tops, which have the shapes that Reshape() gave.
  virtual absl::Status Forward(Bottoms bottoms, Tops tops) = 0;

  // Called when blobs() were written from outside (weights loaded): prepacked
  // copies are stale.
  virtual void BlobsChanged() {}

  // True if top[i] may be bottom[i].
  virtual bool AllowsInPlace() const { return false; }
  // Weight of top `index` in the net's loss when the prototxt has none.
  virtual float DefaultLossWeight(int index) const { return 0; }
  // Tops that the net makes, without a name, where the prototxt gives fewer: 1
  // for losses.
  virtual int NumAutomaticTops() const { return 0; }

  // Learnable and state blobs, in Caffe's order and shapes.
  std::vector<Tensor>& blobs() { return blobs_; }
  const std::vector<Tensor>& blobs() const { return blobs_; }

 protected:
  // Appends a blob with the filler's values, or zeros. Random ones depend on
  // the layer's name. Errors: as Fill() (engine/core/filler.h);
  // INVALID_ARGUMENT for dimensions that are no shape or hold more than
  // kMaxBlobElements; RESOURCE_EXHAUSTED without memory.
  absl::Status AddBlob(const std::vector<int64_t>& dims,
                       const caffe::FillerParameter& filler = {});

  std::vector<Tensor> blobs_;

 private:
  const caffe::LayerParameter param_;
  const caffe::Phase phase_;
  bool skip_fillers_ = false;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_CORE_LAYER_H_
