// Makes a complete Net one for inference only.
#ifndef QUANTD_ENGINE_CORE_NET_INFERENCE_H_
#define QUANTD_ENGINE_CORE_NET_INFERENCE_H_

#include <set>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "engine/core/net.h"

namespace quantd {

// Works on one net, which must outlive it.
class Net::InferencePlan {
 public:
  explicit InferencePlan(Net* net) : net_(net) {}

  // Fuses layers, finds when blobs die, gives those that live on memory of
  // their own. Errors: those of Layer::Reshape() and CheckPeak(); NOT_FOUND,
  // BLOB_NOT_FOUND for a blob to keep or watch that the net does not have.
  absl::Status Apply(const Options& options);

  // Estimates the peak for the present shapes. Errors: RESOURCE_EXHAUSTED,
  // MEMORY_ESTIMATE_EXCEEDED where it is above the net's limit.
  absl::Status CheckPeak();

 private:
  absl::Status FindKept(const std::set<std::string>& names);
  absl::Status FindWatched(const std::set<std::string>& names);
  void FuseLayers();
  // Lets layer `index` take over its reader; false if it cannot.
  bool FuseReader(int index);
  // Index of the first layer behind `index` that has `blob`; -1 if none.
  int FirstUser(int index, const Tensor* blob) const;
  // True if layer `reader` alone reads the present values of `blob`, its bottom
  // `input`, and nobody asks for them.
  bool IsOnlyReader(int reader, const Tensor* blob, int input) const;
  // True if the bottoms of `reader` but for `input` are ready before `index`.
  bool OthersAreReady(int reader, int input, int index) const;
  void RemoveFused();
  void FindDead();
  void ForgetNames();
  absl::Status TakeMemory();

  Net* const net_;
  // Blobs whose values stay from pass to pass.
  absl::flat_hash_set<const Tensor*> kept_;
  // Blobs that are computed because somebody looks at them.
  absl::flat_hash_set<const Tensor*> watched_;
  std::vector<bool> fused_;  // By layer: gone.
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_CORE_NET_INFERENCE_H_
