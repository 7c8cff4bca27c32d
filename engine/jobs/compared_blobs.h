// The blobs that a network and its quantized form both have, and how far they
// are from each other.
#ifndef QUANTD_ENGINE_JOBS_COMPARED_BLOBS_H_
#define QUANTD_ENGINE_JOBS_COMPARED_BLOBS_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/core/net.h"
#include "engine/eval/blob_difference.h"
#include "proto/caffe/caffe.pb.h"
#include "proto/quantd/v1/job.pb.h"

namespace quantd {

// Use: Find(), Watch() once, then in every pass TakeFloat() for all layers of
// the float net and TakeQuantized() for all of the other, at last Report().
//
// Memory: the values of the blobs in one pass. Threads: compatible, not safe.
class ComparedBlobs {
 public:
  ComparedBlobs() = default;  // None.

  // The blobs that layers of both models write, which work not in place.
  // Errors: FAILED_PRECONDITION, MODELS_NOT_COMPARABLE if there are none.
  static absl::StatusOr<ComparedBlobs> Find(
      const caffe::NetParameter& float_model,
      const caffe::NetParameter& quantized_model);

  std::set<std::string> names() const;

  // The nets of the two models, which keep names() and outlive this.
  // Errors: FAILED_PRECONDITION, MODELS_NOT_COMPARABLE for a blob that has
  // another shape in each.
  absl::Status Watch(const Net& float_net, const Net& quantized_net);

  // After layer `index` of the float net has run: keeps what it has written.
  void TakeFloat(int index);

  // After layer `index` of the quantized net has run: compares what it has
  // written. Errors: FAILED_PRECONDITION, ACTIVATION_NOT_FINITE for values that
  // are not finite, MODELS_NOT_COMPARABLE for shapes that depend on values.
  absl::Status TakeQuantized(int index);

  // Appends a row for each blob, the worst first.
  void Report(v1::CompareResult* result) const;

 private:
  // A Quant layer, by what it represents.
  struct QuantRange {
    float step = 0;
    float low = 0;  // Values that round to less are cut off.
    float high = 0;
  };

  struct Pair {
    v1::BlobDifference row;  // What is known before the nets run.
    BlobDifference difference;
    std::vector<QuantRange> ranges;    // Of its readers.
    std::vector<int64_t> num_cut_off;  // By range.
    const Tensor* float_blob = nullptr;
    const Tensor* quantized_blob = nullptr;
    std::vector<float> values;  // Of the float net in this pass.
  };

  static QuantRange RangeOf(const caffe::QuantParameter& quant);
  static absl::Status Compare(Pair* pair);
  static v1::BlobDifference RowOf(const Pair& pair);

  std::vector<Pair> pairs_;
  // By layer, the pairs that are complete when it has run.
  std::vector<std::vector<size_t>> by_float_layer_;
  std::vector<std::vector<size_t>> by_quantized_layer_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_COMPARED_BLOBS_H_
