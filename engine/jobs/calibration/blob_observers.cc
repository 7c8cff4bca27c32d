#include "engine/jobs/calibration/blob_observers.h"

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

}  // namespace

absl::StatusOr<std::unique_ptr<BlobObservers>> BlobObservers::Create(
    const QuantPlan& plan, const Net& net, int64_t num_images) {
  auto observers = std::unique_ptr<BlobObservers>(new BlobObservers(plan, net));
  RETURN_IF_ERROR(observers->FindTensors());
  RETURN_IF_ERROR(observers->FindSearched());
  observers->FindStates();
  observers->CountValues(num_images);
  observers->FindProducers();
  return observers;
}

absl::Status BlobObservers::FindTensors() {
  for (const QuantizedBlob& blob : plan_.blobs) {
    watches_.emplace_back();
    ASSIGN_OR_RETURN(watches_.back().tensor, net_.Blob(blob.blob));
  }
  return absl::OkStatus();
}

absl::Status BlobObservers::FindSearched() {
  absl::flat_hash_map<std::string, size_t> blobs;
  for (size_t i = 0; i < watches_.size(); ++i) blobs[plan_.blobs[i].blob] = i;
  for (size_t i = 0; i < watches_.size(); ++i) {
    for (const std::string& name : plan_.blobs[i].searched) {
      const auto blob = blobs.find(name);
      if (blob == blobs.end()) {
        return absl::InternalError(
            absl::StrCat("searched blob \"", name, "\" is not in the plan"));
      }
      watches_[i].searched.push_back(blob->second);
    }
    if (watches_[i].searched.empty()) watches_[i].searched.push_back(i);
    for (const size_t searched : watches_[i].searched) {
      watches_[searched].is_observed = true;
    }
  }
  return absl::OkStatus();
}

void BlobObservers::FindStates() {
  absl::flat_hash_map<const Tensor*, size_t> blobs;
  for (size_t i = 0; i < watches_.size(); ++i) blobs[watches_[i].tensor] = i;
  for (int i = 0; i < net_.num_layers(); ++i) {
    if (dynamic_cast<const RecurrentLayer*>(&net_.layer(i)) == nullptr) {
      continue;
    }
    const auto x = blobs.find(net_.bottoms(i)[0]);
    if (x == blobs.end()) continue;
    const Watch& watch = watches_[x->second];
    states_of_[i] = watch.is_observed ? x->second : watch.searched.front();
  }
}

void BlobObservers::CountValues(int64_t num_images) {
  for (Watch& watch : watches_) {
    watch.count = watch.tensor->num_elements() * num_images;
  }
  for (const auto& states : states_of_) {
    const auto& layer =
        dynamic_cast<const RecurrentLayer&>(net_.layer(states.first));
    watches_[states.second].count +=
        static_cast<int64_t>(layer.continued_states().size()) * num_images;
  }
  for (Watch& watch : watches_) {
    for (const size_t searched : watch.searched) {
      watch.group_count += watches_[searched].count;
    }
  }
}

void BlobObservers::FindProducers() {
  absl::flat_hash_map<const Tensor*, int> producers;
  for (int i = 0; i < net_.num_layers(); ++i) {
    for (const Tensor* top : net_.tops(i)) producers[top] = i;
  }
  for (size_t i = 0; i < watches_.size(); ++i) {
    if (!watches_[i].is_observed) continue;
    const int producer = producers[watches_[i].tensor];
    to_observe_[producer].push_back(i);
    watches_[i].is_input = net_.layer(producer).type() == "Input";
  }
}

absl::Status BlobObservers::MakeObservers(size_t blob) {
  Watch& watch = watches_[blob];
  // While an input is looked at, the other processors decode the next one.
  const bool alone = watch.KeepsOrder() || watch.is_input;
  const int num_observers = alone ? 1 : std::max(1, NumThreads());
  // A layout that pads brings more values than the blob has.
  const int64_t elements = std::max<int64_t>(1, watch.tensor->num_elements());
  const int64_t stored = static_cast<int64_t>(ValuesInAnyOrder(watch).size());
  const int64_t expected = watch.group_count / elements * stored + stored;
  for (int i = 0; i < num_observers; ++i) {
    ASSIGN_OR_RETURN(IfmrObserver observer,
                     IfmrObserver::Create(
                         ToIfmrParams(plan_.blobs[blob]),
                         watch.KeepsOrder() ? watch.group_count : expected));
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
  if (watch.KeepsOrder() || layout == nullptr) return watch.tensor->values();
  return layout->stored_values();
}

absl::StatusOr<const IfmrObserver*> BlobObservers::Statistics(
    const std::vector<size_t>& group,
    absl::optional<IfmrObserver>* merged) const {
  std::vector<const IfmrObserver*> observers;
  for (const size_t blob : group) {
    for (const IfmrObserver& observer : watches_[blob].observers) {
      observers.push_back(&observer);
    }
  }
  if (observers.empty()) {
    return absl::InternalError("no batch was observed");
  }
  if (observers.size() == 1) return observers[0];
  const Watch& watch = watches_[group[0]];
  ASSIGN_OR_RETURN(
      *merged, IfmrObserver::Create(ToIfmrParams(plan_.blobs[group[0]]),
                                    std::max<int64_t>(1, watch.group_count)));
  // The first of a watch took back all zeros that padded it: in this order the
  // count is never above the whole.
  for (const IfmrObserver* observer : observers) {
    RETURN_IF_ERROR((*merged)->Merge(*observer));
  }
  return &**merged;
}

absl::StatusOr<BlobFactors> BlobObservers::Search(size_t blob) const {
  absl::optional<IfmrObserver> merged;
  ASSIGN_OR_RETURN(const IfmrObserver* statistics,
                   Statistics(watches_[blob].searched, &merged));
  BlobFactors factors;
  ASSIGN_OR_RETURN(factors.ifmr, statistics->Finish(&factors.summary));
  return factors;
}

absl::StatusOr<BlobFactors> BlobObservers::Apply(const BlobFactors& factors,
                                                 size_t blob) const {
  BlobFactors own = factors;
  const Watch& watch = watches_[blob];
  if (watch.is_observed && watch.searched.size() > 1) {
    absl::optional<IfmrObserver> merged;
    ASSIGN_OR_RETURN(const IfmrObserver* statistics,
                     Statistics({blob}, &merged));
    ASSIGN_OR_RETURN(own.summary, statistics->Summarize(factors.ifmr));
  }
  own.shape = watch.tensor->shape();
  return own;
}

absl::StatusOr<std::vector<BlobFactors>> BlobObservers::Finish() {
  const int num_blobs = static_cast<int>(watches_.size());
  std::vector<absl::StatusOr<BlobFactors>> found(num_blobs);
  // From the end: small blobs, which are kept whole and take longest, mostly
  // lie there.
#pragma omp parallel for schedule(dynamic)
  for (int k = 0; k < num_blobs; ++k) {
    const int i = num_blobs - 1 - k;
    // Once for a group.
    if (watches_[i].searched.front() == static_cast<size_t>(i)) {
      found[i] = Search(i);
    }
  }
  std::vector<BlobFactors> factors;
  for (int i = 0; i < num_blobs; ++i) {
    const auto& group = found[watches_[i].searched.front()];
    if (!group.ok()) return Annotated(group.status(), i);
    ASSIGN_OR_RETURN(BlobFactors own, Apply(*group, i));
    factors.push_back(std::move(own));
  }
  return factors;
}

}  // namespace quantd
