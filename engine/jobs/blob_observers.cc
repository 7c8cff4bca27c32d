#include "engine/jobs/blob_observers.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/core/threads.h"

namespace quantd {
namespace {

IfmrParams ToIfmrParams(const QuantizedBlob& blob) {
  IfmrParams params;
  params.num_bits = blob.params.num_bits;
  params.with_offset = blob.with_offset;
  params.search_range_start = blob.params.search_range_start;
  params.search_range_end = blob.params.search_range_end;
  params.search_step = blob.params.search_step;
  params.max_percentile = blob.params.max_percentile;
  params.min_percentile = blob.params.min_percentile;
  return params;
}

}  // namespace

absl::StatusOr<std::unique_ptr<BlobObservers>> BlobObservers::Create(
    const QuantPlan& plan, const Net& net, int64_t num_images) {
  auto observers =
      std::unique_ptr<BlobObservers>(new BlobObservers(plan, net, num_images));
  absl::flat_hash_map<const Tensor*, int> producers;
  for (int i = 0; i < net.num_layers(); ++i) {
    for (const Tensor* top : net.tops(i)) producers[top] = i;
  }
  observers->watches_.resize(net.num_layers());
  for (size_t i = 0; i < plan.blobs.size(); ++i) {
    ASSIGN_OR_RETURN(const Tensor* tensor, net.Blob(plan.blobs[i].blob));
    const auto producer = producers.find(tensor);
    if (producer == producers.end()) {
      return absl::InternalError(
          absl::StrCat("no layer writes blob ", plan.blobs[i].blob));
    }
    observers->watches_[producer->second].push_back(
        {static_cast<int>(i), tensor, false, {}});
  }
  return observers;
}

absl::Status BlobObservers::Annotated(const absl::Status& status,
                                      const QuantizedBlob& blob) const {
  const std::string& layer = blob.consumers.front().layer;
  return Annotate(
      status,
      absl::StrCat("layer \"", layer, "\", input \"", blob.blob, "\": "),
      {{"layer", layer}, {"blob", blob.blob}});
}

absl::Status BlobObservers::Observe(int index) {
  for (Watch& watch : watches_[index]) {
    const absl::Status status = Add(&watch);
    if (!status.ok()) {
      return Annotated(status, plan_.blobs[watch.blob_index]);
    }
  }
  return absl::OkStatus();
}

absl::Status BlobObservers::MakeObservers(Watch* watch) const {
  const Shape& shape = watch->tensor->shape();
  const int64_t batch = std::max<int64_t>(1, shape.LegacyDim(0));
  const int64_t count = shape.num_elements() / batch * num_images_;
  watch->keeps_order = count <= IfmrObserver::kMaxKeptValues;
  const int num_parts = watch->keeps_order ? 1 : std::max(1, NumThreads());
  // A layout that pads has more values to come.
  const int64_t stored = static_cast<int64_t>(ValuesInAnyOrder(*watch).size());
  for (int i = 0; i < num_parts; ++i) {
    ASSIGN_OR_RETURN(
        IfmrObserver observer,
        IfmrObserver::Create(ToIfmrParams(plan_.blobs[watch->blob_index]),
                             std::max(count, stored / batch * num_images_)));
    watch->observers.push_back(std::move(observer));
  }
  return absl::OkStatus();
}

absl::Status BlobObservers::Add(Watch* watch) {
  if (watch->observers.empty()) RETURN_IF_ERROR(MakeObservers(watch));
  const absl::Span<const float> values = ValuesInAnyOrder(*watch);
  const int num_parts = static_cast<int>(watch->observers.size());
  const size_t part = (values.size() + num_parts - 1) / num_parts;
  std::vector<absl::Status> statuses(num_parts);
#pragma omp parallel for num_threads(num_parts) if (num_parts > 1)
  for (int i = 0; i < num_parts; ++i) {
    const size_t begin = std::min(values.size(), i * part);
    statuses[i] = watch->observers[i].Add(values.subspan(begin, part));
  }
  for (const absl::Status& status : statuses) RETURN_IF_ERROR(status);
  watch->observers.front().DiscountZeros(static_cast<int64_t>(values.size()) -
                                         watch->tensor->num_elements());
  return absl::OkStatus();
}

absl::Span<const float> BlobObservers::ValuesInAnyOrder(const Watch& watch) {
  const KernelLayout* layout = watch.tensor->kernel_layout();
  if (watch.keeps_order || layout == nullptr) return watch.tensor->values();
  return layout->stored_values();
}

absl::StatusOr<IfmrResult> BlobObservers::Search(Watch* watch) {
  if (watch->observers.empty()) {
    return absl::InternalError("no batch was observed");
  }
  IfmrObserver& all = watch->observers.front();
  for (size_t i = 1; i < watch->observers.size(); ++i) {
    RETURN_IF_ERROR(all.Merge(watch->observers[i]));
  }
  auto result = all.Finish();
  watch->observers.clear();
  return result;
}

absl::StatusOr<std::vector<BlobFactors>> BlobObservers::Finish() {
  std::vector<BlobFactors> factors(plan_.blobs.size());
  for (std::vector<Watch>& watches : watches_) {
    for (Watch& watch : watches) {
      const QuantizedBlob& blob = plan_.blobs[watch.blob_index];
      auto result = Search(&watch);
      if (!result.ok()) return Annotated(result.status(), blob);
      factors[watch.blob_index] = {*result, watch.tensor->shape()};
    }
  }
  return factors;
}

}  // namespace quantd
