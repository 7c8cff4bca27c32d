#include "engine/jobs/calibration/fusion_check.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/core/net.h"
#include "engine/eval/blob_difference.h"
#include "engine/graph/drop_tail.h"
#include "engine/jobs/feed/feed_reader.h"
#include "engine/layers/registry.h"

namespace quantd {
namespace {

using Values = std::map<std::string, std::vector<float>>;

// The values of `blobs` for the next image of the LMDB.
absl::StatusOr<Values> RunOnFirstImage(const caffe::NetParameter& param,
                                       const std::set<std::string>& blobs,
                                       const NetworkFeed& feed,
                                       const std::string& lmdb_path) {
  ASSIGN_OR_RETURN(auto reader, OpenFeed(feed, lmdb_path, 1));
  ASSIGN_OR_RETURN(caffe::NetParameter runnable,
                   DropTail(WithInputLayer(param, reader->inputs(), 1)));
  Net::Options options;
  options.inference = true;
  options.fast_math = false;
  options.keep_blobs = blobs;
  ASSIGN_OR_RETURN(auto net,
                   Net::Create(std::move(runnable), options, MakeLayer));
  Tensor labels;
  RETURN_IF_ERROR(reader->Next(net.get(), &labels).status());
  RETURN_IF_ERROR(net->Forward());
  Values values;
  for (const std::string& blob : blobs) {
    ASSIGN_OR_RETURN(const Tensor* tensor, net->Blob(blob));
    values[blob].assign(tensor->values().begin(), tensor->values().end());
  }
  return values;
}

absl::Status Mismatch(const caffe::LayerParameter& layer,
                      const std::vector<std::string>& members, double share) {
  std::string names;
  for (size_t i = 1; i < members.size(); ++i) {
    absl::StrAppend(&names, i == 1 ? "" : ", ", members[i]);
  }
  return Error(
      absl::StatusCode::kFailedPrecondition, "FUSION_MISMATCH",
      absl::StrCat("layer \"", layer.name(), "\": with ", names,
                   " fused into it, its output differs by ", share,
                   " of its largest value from the unfused one; the limit is ",
                   kMaxFusionDifference,
                   ": name it in skip_fusion_layers, or check its BatchNorm"),
      {{"layer", layer.name()},
       {"blob", layer.top(0)},
       {"field", "skip_fusion_layers"},
       {"found", absl::StrCat(share)},
       {"allowed", absl::StrCat(kMaxFusionDifference)}});
}

}  // namespace

absl::Status CheckFusion(const caffe::NetParameter& original,
                         const FusedNet& fused, const NetworkFeed& feed,
                         const std::string& lmdb_path) {
  std::set<std::string> blobs;
  for (const caffe::LayerParameter& layer : fused.net.layer()) {
    if (fused.report.fused.count(layer.name()) > 0) blobs.insert(layer.top(0));
  }
  if (blobs.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Values expected,
                   RunOnFirstImage(original, blobs, feed, lmdb_path));
  ASSIGN_OR_RETURN(const Values found,
                   RunOnFirstImage(fused.net, blobs, feed, lmdb_path));
  for (const caffe::LayerParameter& layer : fused.net.layer()) {
    const auto members = fused.report.fused.find(layer.name());
    if (members == fused.report.fused.end()) continue;
    BlobDifference difference;
    difference.Add(expected.at(layer.top(0)), found.at(layer.top(0)));
    const double largest =
        std::max(std::abs(difference.min()), std::abs(difference.max()));
    const double error = difference.max_error();
    // Without a finite scale, calibration will say so of the activations.
    if (error == 0 || !std::isfinite(largest)) continue;
    if (error <= kMaxFusionDifference * largest) continue;
    return Mismatch(layer, members->second, error / largest);
  }
  return absl::OkStatus();
}

}  // namespace quantd
