// Watches the blobs of a quantization plan while a net runs.
#ifndef QUANTD_ENGINE_JOBS_BLOB_OBSERVERS_H_
#define QUANTD_ENGINE_JOBS_BLOB_OBSERVERS_H_

#include <cstdint>
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
  // Of the blob in one forward pass, batch included.
  Shape shape;
};

// One observer per quantized blob of a plan.
//
// Memory: some MB per blob and thread, whatever the number of batches.
// Threads: compatible, not safe.
class BlobObservers {
 public:
  // `net` runs the plan's net (its layers may have other weights); `plan` and
  // `net` must outlive this. `num_images` is the total over all batches.
  // Errors: BLOB_NOT_FOUND if the net has no such blob.
  static absl::StatusOr<std::unique_ptr<BlobObservers>> Create(
      const QuantPlan& plan, const Net& net, int64_t num_images);

  // Call after layer `index` of the net has run on `batch` images.
  // Errors: FAILED_PRECONDITION, ACTIVATION_NOT_FINITE with layer and blob.
  absl::Status Observe(int index);

  // Searches scale and offset, in the plan's order of blobs.
  // Errors: FAILED_PRECONDITION, SCALE_OUT_OF_RANGE with layer and blob.
  absl::StatusOr<std::vector<BlobFactors>> Finish();

 private:
  struct Watch {
    int blob_index;  // In the plan.
    const Tensor* tensor;
    bool keeps_order;  // A small blob, see IfmrObserver.
    // Made when the size is known: one per thread, or one if order counts.
    std::vector<IfmrObserver> observers;
  };

  BlobObservers(const QuantPlan& plan, const Net& net, int64_t num_images)
      : plan_(plan), net_(net), num_images_(num_images) {}

  // The blob's values, with zeros where a kernel's layout pads them.
  static absl::Span<const float> ValuesInAnyOrder(const Watch& watch);
  absl::Status MakeObservers(Watch* watch) const;
  absl::Status Add(Watch* watch);
  static absl::StatusOr<IfmrResult> Search(Watch* watch);
  absl::Status Annotated(const absl::Status& status,
                         const QuantizedBlob& blob) const;

  const QuantPlan& plan_;
  const Net& net_;
  const int64_t num_images_;
  // By index of the layer that writes the blob.
  std::vector<std::vector<Watch>> watches_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_BLOB_OBSERVERS_H_
