// Watches the blobs of a quantization plan while a net runs.
#ifndef QUANTD_ENGINE_JOBS_BLOB_OBSERVERS_H_
#define QUANTD_ENGINE_JOBS_BLOB_OBSERVERS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/config/quant_plan.h"
#include "engine/core/net.h"
#include "engine/quant/ifmr.h"
#include "engine/quant/ifmr_observer.h"

namespace quantd {

// Factors of one blob of the plan.
struct BlobFactors {
  IfmrResult ifmr;
  ActivationSummary summary;
  // Of the blob in one forward pass, batch included.
  Shape shape;
};

// One observer per quantized blob of a plan. The output of a Concat whose
// inputs are observed alike is not looked at: its statistics are their sum.
// To the statistics of what recurrent layers read as x belong those of the
// states that they multiply by weights: both have the same factors.
//
// Memory: some MB per blob and thread, whatever the number of batches.
// Threads: compatible, not safe; uses NumThreads() inside.
class BlobObservers {
 public:
  // `net` runs the plan's net (its layers may have other weights) and was made
  // for one image; `plan` and `net` must outlive this. `num_images` is the
  // total over all batches.
  // Errors: BLOB_NOT_FOUND if the net has no such blob.
  static absl::StatusOr<std::unique_ptr<BlobObservers>> Create(
      const QuantPlan& plan, const Net& net, int64_t num_images);

  // Call after layer `index` of the net has run.
  // Errors: FAILED_PRECONDITION, ACTIVATION_NOT_FINITE with layer and blob.
  absl::Status Observe(int index);

  // Searches scale and offset, in the plan's order of blobs.
  // Errors: FAILED_PRECONDITION, SCALE_OUT_OF_RANGE with layer and blob.
  absl::StatusOr<std::vector<BlobFactors>> Finish();

 private:
  struct Watch {
    const Tensor* tensor = nullptr;
    int64_t count = 0;   // Values over all images.
    int64_t covers = 0;  // At least count: of the largest sum it is part of.
    bool keeps_order = false;   // A small blob, see IfmrObserver.
    bool is_input = false;      // Not computed, but read.
    std::vector<size_t> parts;  // Its statistics are the sum of these watches'.
    bool has_states = false;    // A recurrent layer's states belong to it.
    // Made at the first batch: one per thread, or one if order counts or for
    // an input; none with parts.
    std::vector<IfmrObserver> observers;
  };

  BlobObservers(const QuantPlan& plan, const Net& net)
      : plan_(plan), net_(net), to_observe_(net.num_layers()) {}

  absl::Status FindTensors(int64_t num_images);
  void FindSums();
  void FindProducers();
  // Finds the recurrent layers that read the plan's blobs as x.
  void FindStates(int64_t num_images);
  absl::Status MakeObservers(size_t blob);
  // The blob's values, with zeros where a kernel's layout pads them.
  static absl::Span<const float> ValuesInAnyOrder(const Watch& watch);
  static absl::Status Add(Watch* watch);
  static absl::Status AddValues(absl::Span<const float> values, Watch* watch);
  absl::StatusOr<IfmrResult> Search(size_t blob,
                                    ActivationSummary* summary) const;
  absl::Status Annotated(const absl::Status& status, size_t blob) const;

  const QuantPlan& plan_;
  const Net& net_;
  std::vector<Watch> watches_;  // As the plan's blobs.
  // By index of the layer that writes them.
  std::vector<std::vector<size_t>> to_observe_;
  // Recurrent layers by index, and the watch that their states belong to.
  std::map<int, size_t> states_of_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_BLOB_OBSERVERS_H_
