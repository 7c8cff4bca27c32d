// Watches the blobs of a quantization plan while a net runs.
#ifndef QUANTD_ENGINE_JOBS_CALIBRATION_BLOB_OBSERVERS_H_
#define QUANTD_ENGINE_JOBS_CALIBRATION_BLOB_OBSERVERS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
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

// Observes the blobs that the plan's factors are searched over
// (QuantizedBlob::searched); the others of a group have the group's statistics.
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
    std::vector<size_t> searched;  // Watches that the search is over.
    bool is_observed = false;      // One of them.
    bool is_input = false;         // Not computed, but read.
    // The next two are of observed ones.
    int64_t count = 0;        // Values over all images.
    int64_t group_count = 0;  // The same of all that are searched with it.
    // Made at the first batch: one per thread, or one if order counts or for
    // an input; none if it is not observed.
    std::vector<IfmrObserver> observers;

    // A small group, see IfmrObserver.
    bool KeepsOrder() const {
      return group_count <= IfmrObserver::kMaxKeptValues;
    }
  };

  BlobObservers(const QuantPlan& plan, const Net& net)
      : plan_(plan), net_(net), to_observe_(net.num_layers()) {}

  absl::Status FindTensors();
  absl::Status FindSearched();
  // Finds the recurrent layers that read the plan's blobs as x.
  void FindStates();
  void CountValues(int64_t num_images);
  void FindProducers();
  absl::Status MakeObservers(size_t blob);
  // The blob's values, with zeros where a kernel's layout pads them.
  static absl::Span<const float> ValuesInAnyOrder(const Watch& watch);
  static absl::Status Add(Watch* watch);
  static absl::Status AddValues(absl::Span<const float> values, Watch* watch);
  // The statistics of several watches, those of `group` or some of them;
  // `merged` holds them if more than one observer has them.
  absl::StatusOr<const IfmrObserver*> Statistics(
      const std::vector<size_t>& group,
      absl::optional<IfmrObserver>* merged) const;
  absl::StatusOr<BlobFactors> Search(size_t blob) const;
  // What the factors of the watches that `blob` is searched with do to it.
  absl::StatusOr<BlobFactors> Apply(const BlobFactors& factors,
                                    size_t blob) const;
  absl::Status Annotated(const absl::Status& status, size_t blob) const;

  const QuantPlan& plan_;
  const Net& net_;
  std::vector<Watch> watches_;  // As the plan's blobs.
  // By index of the layer that writes them.
  std::vector<std::vector<size_t>> to_observe_;
  // Recurrent layers by index, and the observed watch that their states belong
  // to.
  std::map<int, size_t> states_of_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_CALIBRATION_BLOB_OBSERVERS_H_
