// The contract of a layer: what every Caffe layer type implements.
// Not here: the list of types (engine/layers/registry.h), running many layers
// (engine/core/net.h).
#ifndef QUANTD_ENGINE_CORE_LAYER_H_
#define QUANTD_ENGINE_CORE_LAYER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
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

// The values and the gradients of one pass, for Layer::Backward().
struct BackwardPass {
  // The values as Forward() left them: in place, a bottom is the top.
  Bottoms bottoms;
  absl::Span<const Tensor* const> tops;
  // d(loss) / d(top i), of top i's shape.
  absl::Span<const Tensor* const> top_diffs;
  // d(loss) / d(bottom i), of bottom i's shape, to be overwritten whole; null
  // where nobody wants it. In place, bottom_diffs[i] is top_diffs[i].
  absl::Span<Tensor* const> bottom_diffs;
};

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

  // What random numbers depend on besides the layer's name; before SetUp().
  void SetSeed(uint64_t seed) { seed_ = seed; }

  // Says before SetUp() that all blobs will be loaded, from blobs of these
  // shapes: fillers need not run. Not called where nothing will be loaded.
  void ExpectBlobs(std::vector<Shape> shapes) {
    expected_blobs_ = std::move(shapes);
  }

  // Sets `tops` (num_tops of them) from the bottoms' shapes. Allocates nothing
  // that depends on the data.
  virtual absl::Status Reshape(absl::Span<const Shape> bottoms,
                               std::vector<Shape>* tops) = 0;

  // Computes the tops, which have the shapes that Reshape() gave.
  virtual absl::Status Forward(Bottoms bottoms, Tops tops) = 0;

  // Says after SetUp() that the next Forward() is to be what it would be after
  // `passes` more: data layers leave out that many batches, random numbers go
  // on behind theirs. Errors: those of reading the data.
  virtual absl::Status SkipPasses(int64_t passes) { return absl::OkStatus(); }

  // The gradient of the last Forward(): writes pass.bottom_diffs and *adds*
  // d(loss) / d(blob i) to blob_diff(i) where WantsBlobDiff(i). Called only if
  // something is wanted.
  // Errors: UNIMPLEMENTED, LAYER_NOT_DIFFERENTIABLE unless a type overrides it.
  virtual absl::Status Backward(const BackwardPass& pass);

  // False for bottoms without a gradient: labels, indices, what is compared
  // with a threshold. The net never asks for those; a net that needs them for
  // learning treats the bottom as a constant.
  virtual bool IsDifferentiable(int bottom) const { return true; }

  // Says after SetUp() that Backward() may follow a Forward(), which then keeps
  // what Backward() needs and working in place destroys.
  void ExpectBackward() { expects_backward_ = true; }

  // Called when blobs() were written from outside (weights loaded): prepacked
  // copies are stale.
  virtual void BlobsChanged() {}

  // Inference only. Takes over the work of `next`, the only reader of the only
  // top, which is its bottom `input`: from the next Reshape() on, Forward()
  // writes next's top, and next's other bottoms stand behind this layer's own.
  // Called after SetUp(). False, and nothing happens, where it cannot.
  virtual bool Absorb(const Layer& next, int input) { return false; }

  // Inference only. Says that nobody reads or writes blobs() from outside any
  // more: a layer with packed copies may empty them.
  void FreezeBlobs() { blobs_frozen_ = true; }
  // Inference only. Lets a layer use algorithms that round more than the sums
  // of its definition do, as Winograd's.
  void AllowFastMath() { fast_math_ = true; }
  // Inference only. Says for which bottoms the next Forward() is the last
  // reader: it may overwrite them.
  void SetLastUses(std::vector<bool> last_uses) {
    last_uses_ = std::move(last_uses);
  }

  // True if top[i] may be bottom[i].
  virtual bool AllowsInPlace() const { return false; }
  // Weight of top `index` in the net's loss when the prototxt has none.
  virtual float DefaultLossWeight(int index) const { return 0; }
  // Learning rate multiplier of blob `index` when the prototxt has none.
  // Statistics, which are no weights, have 0.
  virtual float DefaultLrMult(int index) const { return 1; }
  // Tops that the net makes, without a name, where the prototxt gives fewer: 1
  // for losses.
  virtual int NumAutomaticTops() const { return 0; }

  // Learnable and state blobs, in Caffe's order and shapes.
  std::vector<Tensor>& blobs() { return blobs_; }
  const std::vector<Tensor>& blobs() const { return blobs_; }

  // The gradients of blobs(), same shapes, and which of them Backward() must
  // compute. Given by the net after SetUp(); without them none is computed.
  void SetBlobDiffs(std::vector<Tensor> diffs, std::vector<bool> wanted);
  const std::vector<Tensor>& blob_diffs() const { return blob_diffs_; }

 protected:
  // Depends on SetSeed() and the layer's name.
  uint64_t Seed() const;

  // What the model carries for this layer: empty where nothing will be loaded.
  // Only for types whose blobs their parameters leave open.
  const std::vector<Shape>& expected_blobs() const { return expected_blobs_; }
  bool expects_backward() const { return expects_backward_; }
  bool blobs_frozen() const { return blobs_frozen_; }
  bool fast_math() const { return fast_math_; }
  bool IsLastUse(int bottom) const {
    return bottom < static_cast<int>(last_uses_.size()) && last_uses_[bottom];
  }

  bool WantsBlobDiff(int index) const {
    return index < static_cast<int>(wanted_.size()) && wanted_[index];
  }
  // Only where WantsBlobDiff(index).
  Tensor& blob_diff(int index) { return blob_diffs_[index]; }

  // Appends a blob with the filler's values, or zeros. Random ones depend on
  // Seed(). Errors: as Fill() (engine/core/filler.h);
  // INVALID_ARGUMENT for dimensions that are no shape or hold more than
  // kMaxBlobElements; RESOURCE_EXHAUSTED without memory.
  absl::Status AddBlob(const std::vector<int64_t>& dims,
                       const caffe::FillerParameter& filler = {});

  std::vector<Tensor> blobs_;

 private:
  const caffe::LayerParameter param_;
  const caffe::Phase phase_;
  uint64_t seed_ = 0;
  std::vector<Shape> expected_blobs_;
  bool expects_backward_ = false;
  bool blobs_frozen_ = false;
  bool fast_math_ = false;
  std::vector<bool> last_uses_;  // One per bottom.
  std::vector<Tensor> blob_diffs_;
  std::vector<bool> wanted_;  // One per blob diff.
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_CORE_LAYER_H_
