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
#include "engine/layers/recurrent_layer.h"

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

// watch.count is known: sets what follows from it.
template <typename Watch>
void SetCount(Watch* watch) {
  watch->covers = watch->count;
  watch->keeps_order = watch->count <= IfmrObserver::kMaxKeptValues;
}

bool SearchAlike(const QuantizedBlob& a, const QuantizedBlob& b) {
  return a.params == b.params && a.with_offset == b.with_offset;
}

}  // namespace

absl::StatusOr<std::unique_ptr<BlobObservers>> BlobObservers::Create(
    const QuantPlan& plan, const Net& net, int64_t num_images) {
  auto observers = std::unique_ptr<BlobObservers>(new BlobObservers(plan, net));
  RETURN_IF_ERROR(observers->FindTensors(num_images));
  observers->FindStates(num_images);
  observers->FindSums();
  observers->FindProducers();
  return observers;
}

absl::Status BlobObservers::FindTensors(int64_t num_images) {
  for (const QuantizedBlob& blob : plan_.blobs) {
    ASSIGN_OR_RETURN(const Tensor* tensor, net_.Blob(blob.blob));
    Watch watch;
    watch.tensor = tensor;
    watch.count = tensor->num_elements() * num_images;
    SetCount(&watch);
    watches_.push_back(std::move(watch));
  }
  return absl::OkStatus();
}

void BlobObservers::FindStates(int64_t num_images) {
  absl::flat_hash_map<const Tensor*, size_t> blobs;
  for (size_t i = 0; i < watches_.size(); ++i) blobs[watches_[i].tensor] = i;
  for (int i = 0; i < net_.num_layers(); ++i) {
    const auto* layer = dynamic_cast<const RecurrentLayer*>(&net_.layer(i));
    if (layer == nullptr) continue;
    const auto x = blobs.find(net_.bottoms(i)[0]);
    if (x == blobs.end()) continue;
    states_of_[i] = x->second;
    Watch& watch = watches_[x->second];
    watch.has_states = true;
    watch.count +=
        static_cast<int64_t>(layer->continued_states().size()) * num_images;
    SetCount(&watch);
  }
}

void BlobObservers::FindSums() {
  absl::flat_hash_map<const Tensor*, size_t> blobs;
  for (size_t i = 0; i < watches_.size(); ++i) blobs[watches_[i].tensor] = i;
  for (int i = 0; i < net_.num_layers(); ++i) {
    if (net_.layer(i).type() != "Concat") continue;
    const auto sum = blobs.find(net_.tops(i)[0]);
    if (sum == blobs.end() || watches_[sum->second].has_states) continue;
    std::vector<size_t> parts;
    for (const Tensor* bottom : net_.bottoms(i)) {
      const auto part = blobs.find(bottom);
      if (part == blobs.end() || watches_[part->second].keeps_order ||
          watches_[part->second].has_states ||
          !watches_[part->second].parts.empty() ||
          !SearchAlike(plan_.blobs[part->second], plan_.blobs[sum->second])) {
        break;
      }
      parts.push_back(part->second);
    }
    if (parts.size() != net_.bottoms(i).size()) continue;
    Watch& watch = watches_[sum->second];
    for (const size_t part : parts) {
      watches_[part].covers = std::max(watches_[part].covers, watch.count);
    }
    watch.parts = std::move(parts);
  }
}

void BlobObservers::FindProducers() {
  absl::flat_hash_map<const Tensor*, int> producers;
  for (int i = 0; i < net_.num_layers(); ++i) {
    for (const Tensor* top : net_.tops(i)) producers[top] = i;
  }
  for (size_t i = 0; i < watches_.size(); ++i) {
    if (!watches_[i].parts.empty()) continue;
    const int producer = producers[watches_[i].tensor];
    to_observe_[producer].push_back(i);
    watches_[i].is_input = net_.layer(producer).type() == "Input";
  }
}

absl::Status BlobObservers::MakeObservers(size_t blob) {
  Watch& watch = watches_[blob];
  // While an input is looked at, the other processors decode the next one.
  const bool alone = watch.keeps_order || watch.is_input;
  const int num_observers = alone ? 1 : std::max(1, NumThreads());
  // A layout that pads brings more values than the blob has.
  const int64_t elements = std::max<int64_t>(1, watch.tensor->num_elements());
  const int64_t stored = static_cast<int64_t>(ValuesInAnyOrder(watch).size());
  const int64_t expected = watch.covers / elements * stored + stored;
  for (int i = 0; i < num_observers; ++i) {
    ASSIGN_OR_RETURN(
        IfmrObserver observer,
        IfmrObserver::Create(ToIfmrParams(plan_.blobs[blob]),
                             watch.keeps_order ? watch.count : expected));
    watch.observers.push_back(std::move(observer));
  }
  return absl::OkStatus();
}

absl::Status BlobObservers::Annotated(const absl::Status& status,
                                      size_t blob) const {
  const std::string& name = plan_.blobs[blob].blob;
  const std::string& layer = plan_.blobs[blob].consumers.front().layer;
  return Annotate(status,
                  absl::StrCat("layer \"", layer, "\", input \"", name, "\": "),
                  {{"layer", layer}, {"blob", name}});
}

absl::Status BlobObservers::Observe(int index) {
  for (const size_t blob : to_observe_[index]) {
    absl::Status status;
    if (watches_[blob].observers.empty()) status = MakeObservers(blob);
    if (status.ok()) status = Add(&watches_[blob]);
    if (!status.ok()) return Annotated(status, blob);
  }
  const auto states = states_of_.find(index);
  if (states == states_of_.end()) return absl::OkStatus();
  const auto& layer = dynamic_cast<const RecurrentLayer&>(net_.layer(index));
  return Annotated(
      AddValues(layer.continued_states(), &watches_[states->second]),
      states->second);
}

absl::Status BlobObservers::Add(Watch* watch) {
  const absl::Span<const float> values = ValuesInAnyOrder(*watch);
  RETURN_IF_ERROR(AddValues(values, watch));
  watch->observers.front().DiscountZeros(static_cast<int64_t>(values.size()) -
                                         watch->tensor->num_elements());
  return absl::OkStatus();
}

absl::Status BlobObservers::AddValues(absl::Span<const float> values,
                                      Watch* watch) {
  const int num_parts = static_cast<int>(watch->observers.size());
  const size_t part = (values.size() + num_parts - 1) / num_parts;
  std::vector<absl::Status> statuses(num_parts);
#pragma omp parallel for num_threads(num_parts) if (num_parts > 1)
  for (int i = 0; i < num_parts; ++i) {
    const size_t begin = std::min(values.size(), i * part);
    statuses[i] = watch->observers[i].Add(values.subspan(begin, part));
  }
  for (const absl::Status& status : statuses) RETURN_IF_ERROR(status);
  return absl::OkStatus();
}

absl::Span<const float> BlobObservers::ValuesInAnyOrder(const Watch& watch) {
  const KernelLayout* layout = watch.tensor->kernel_layout();
  if (watch.keeps_order || layout == nullptr) return watch.tensor->values();
  return layout->stored_values();
}

absl::StatusOr<IfmrResult> BlobObservers::Search(
    size_t blob, ActivationSummary* summary) const {
  const Watch& watch = watches_[blob];
  std::vector<size_t> parts = watch.parts;
  if (parts.empty()) parts.push_back(blob);
  std::vector<const IfmrObserver*> observers;
  for (const size_t part : parts) {
    for (const IfmrObserver& observer : watches_[part].observers) {
      observers.push_back(&observer);
    }
  }
  if (observers.empty()) {
    return absl::InternalError("no batch was observed");
  }
  if (observers.size() == 1) return observers[0]->Finish(summary);
  ASSIGN_OR_RETURN(IfmrObserver all,
                   IfmrObserver::Create(ToIfmrParams(plan_.blobs[blob]),
                                        std::max<int64_t>(1, watch.count)));
  // The first of a watch took back all zeros that padded it: in this order the
  // count is never above the whole.
  for (const IfmrObserver* observer : observers) {
    RETURN_IF_ERROR(all.Merge(*observer));
  }
  return all.Finish(summary);
}

absl::StatusOr<std::vector<BlobFactors>> BlobObservers::Finish() {
  const int num_blobs = static_cast<int>(watches_.size());
  std::vector<absl::StatusOr<IfmrResult>> results(num_blobs);
  std::vector<ActivationSummary> summaries(num_blobs);
  // From the end: small blobs, which are kept whole and take longest, mostly
  // lie there.
#pragma omp parallel for schedule(dynamic)
  for (int k = 0; k < num_blobs; ++k) {
    const int i = num_blobs - 1 - k;
    results[i] = Search(i, &summaries[i]);
  }
  std::vector<BlobFactors> factors;
  for (int i = 0; i < num_blobs; ++i) {
    if (!results[i].ok()) return Annotated(results[i].status(), i);
    factors.push_back(
        {*results[i], std::move(summaries[i]), watches_[i].tensor->shape()});
  }
  return factors;
}

}  // namespace quantd
