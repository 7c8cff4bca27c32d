#include "engine/core/net_inference.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace quantd {
namespace {

int64_t BytesOf(const Tensor& tensor) {
  return tensor.num_elements() * static_cast<int64_t>(sizeof(float));
}

template <typename Pointers>
bool Contains(const Pointers& pointers, const Tensor* tensor) {
  return std::find(pointers.begin(), pointers.end(), tensor) != pointers.end();
}

}  // namespace

absl::Status Net::InferencePlan::Apply(const Options& options) {
  RETURN_IF_ERROR(FindKept(options.keep_blobs));
  RETURN_IF_ERROR(FindWatched(options.watch_blobs));
  FuseLayers();
  FindDead();
  ForgetNames();
  for (Node& node : net_->layers_) {
    node.layer->FreezeBlobs();
    if (options.fast_math) node.layer->AllowFastMath();
  }
  RETURN_IF_ERROR(net_->ReshapeForInference());
  RETURN_IF_ERROR(CheckPeak());
  return TakeMemory();
}

absl::Status Net::InferencePlan::FindKept(const std::set<std::string>& names) {
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(const Tensor* blob, net_->Blob(name));
    kept_.insert(blob);
  }
  absl::flat_hash_set<const Tensor*> read;
  for (const Node& node : net_->layers_) {
    read.insert(node.bottoms.begin(), node.bottoms.end());
    if (!node.bottoms.empty()) continue;
    kept_.insert(node.tops.begin(), node.tops.end());
  }
  for (const auto& blob : net_->blobs_) {
    if (!read.contains(blob.get())) kept_.insert(blob.get());
  }
  for (const std::string& name : net_->output_names_) {
    kept_.insert(net_->blob_by_name_[name]);
  }
  return absl::OkStatus();
}

absl::Status Net::InferencePlan::FindWatched(
    const std::set<std::string>& names) {
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(const Tensor* blob, net_->Blob(name));
    watched_.insert(blob);
  }
  return absl::OkStatus();
}

void Net::InferencePlan::FuseLayers() {
  fused_.assign(net_->layers_.size(), false);
  for (int i = 0; i < net_->num_layers(); ++i) {
    while (!fused_[i] && FuseReader(i)) {
    }
  }
  RemoveFused();
}

bool Net::InferencePlan::FuseReader(int index) {
  Node& node = net_->layers_[index];
  if (node.tops.size() != 1 || node.loss_weights[0] != 0) return false;
  const Tensor* blob = node.tops[0];
  const int user = FirstUser(index, blob);
  if (user < 0) return false;
  Node& next = net_->layers_[user];
  const auto place = std::find(next.bottoms.begin(), next.bottoms.end(), blob);
  const int input = static_cast<int>(place - next.bottoms.begin());
  if (place == next.bottoms.end() || next.tops.size() != 1 ||
      !IsOnlyReader(user, blob, input) || !OthersAreReady(user, input, index) ||
      !node.layer->Absorb(*next.layer, input)) {
    return false;
  }
  for (int i = 0; i < static_cast<int>(next.bottoms.size()); ++i) {
    if (i != input) node.bottoms.push_back(next.bottoms[i]);
  }
  node.tops = next.tops;
  node.loss_weights = next.loss_weights;
  node.reshaped = false;
  fused_[user] = true;
  return true;
}

int Net::InferencePlan::FirstUser(int index, const Tensor* blob) const {
  for (int i = index + 1; i < net_->num_layers(); ++i) {
    const Node& node = net_->layers_[i];
    if (fused_[i]) continue;
    if (Contains(node.bottoms, blob) || Contains(node.tops, blob)) return i;
  }
  return -1;
}

bool Net::InferencePlan::IsOnlyReader(int reader, const Tensor* blob,
                                      int input) const {
  const Node& node = net_->layers_[reader];
  for (int i = 0; i < static_cast<int>(node.bottoms.size()); ++i) {
    if (i != input && node.bottoms[i] == blob) return false;
  }
  if (node.tops[0] == blob) return true;  // In place: overwritten at once.
  return !kept_.contains(blob) && !watched_.contains(blob) &&
         FirstUser(reader, blob) < 0;
}

bool Net::InferencePlan::OthersAreReady(int reader, int input,
                                        int index) const {
  const Node& node = net_->layers_[reader];
  for (int i = 0; i < static_cast<int>(node.bottoms.size()); ++i) {
    if (i == input) continue;
    for (int k = index; k < reader; ++k) {
      if (!fused_[k] && Contains(net_->layers_[k].tops, node.bottoms[i])) {
        return false;
      }
    }
  }
  return true;
}

void Net::InferencePlan::RemoveFused() {
  std::vector<Node> left;
  for (size_t i = 0; i < fused_.size(); ++i) {
    if (!fused_[i]) left.push_back(std::move(net_->layers_[i]));
  }
  net_->layers_ = std::move(left);
}

void Net::InferencePlan::FindDead() {
  absl::flat_hash_set<const Tensor*> used_later = kept_;
  for (int i = net_->num_layers() - 1; i >= 0; --i) {
    Node& node = net_->layers_[i];
    std::vector<bool> last_uses;
    for (const Tensor* blob : node.bottoms) {
      last_uses.push_back(!used_later.contains(blob) &&
                          !Contains(node.tops, blob));
    }
    node.layer->SetLastUses(std::move(last_uses));
    for (const auto& blob : net_->blobs_) {
      const bool used =
          Contains(node.bottoms, blob.get()) || Contains(node.tops, blob.get());
      if (used && used_later.insert(blob.get()).second) {
        node.dead.push_back(blob.get());
      }
    }
  }
}

void Net::InferencePlan::ForgetNames() {
  std::vector<std::string> names;
  for (const std::string& name : net_->blob_names_) {
    const Tensor* blob = net_->blob_by_name_[name];
    if (kept_.contains(blob) || watched_.contains(blob)) {
      names.push_back(name);
    } else {
      net_->blob_by_name_.erase(name);
    }
  }
  net_->blob_names_ = std::move(names);
}

absl::Status Net::InferencePlan::TakeMemory() {
  for (const auto& blob : net_->blobs_) {
    if (!kept_.contains(blob.get())) continue;
    const Shape shape = blob->shape();
    *blob = Tensor();
    RETURN_IF_ERROR(blob->Resize(shape));
  }
  return absl::OkStatus();
}

absl::Status Net::InferencePlan::CheckPeak() {
  absl::flat_hash_set<const Tensor*> dies;
  for (const Node& node : net_->layers_) {
    dies.insert(node.dead.begin(), node.dead.end());
  }
  int64_t always = net_->used_bytes_;
  for (const Node& node : net_->layers_) {
    for (const Tensor* top : node.tops) {
      if (!dies.contains(top)) always += BytesOf(*top);
    }
  }
  absl::flat_hash_set<const Tensor*> live;
  int64_t live_bytes = 0;
  int64_t most_bytes = 0;
  for (const Node& node : net_->layers_) {
    for (const Tensor* top : node.tops) {
      if (dies.contains(top) && live.insert(top).second) {
        live_bytes += BytesOf(*top);
      }
    }
    most_bytes = std::max(most_bytes, live_bytes);
    for (const Tensor* blob : node.dead) live_bytes -= BytesOf(*blob);
  }
  net_->estimated_peak_bytes_ = always + most_bytes;
  if (net_->estimated_peak_bytes_ <= net_->max_bytes_) return absl::OkStatus();
  return Error(absl::StatusCode::kResourceExhausted, "MEMORY_ESTIMATE_EXCEEDED",
               absl::StrCat("the net needs about ", net_->estimated_peak_bytes_,
                            " bytes at once; the limit is ", net_->max_bytes_,
                            "; use a smaller batch"),
               {{"needed", absl::StrCat(net_->estimated_peak_bytes_)},
                {"limit", absl::StrCat(net_->max_bytes_)}});
}

}  // namespace quantd
