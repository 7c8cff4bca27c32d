#include "engine/jobs/accuracy/score_output.h"

#include <set>
#include <string>

#include "absl/strings/str_join.h"
#include "base/error.h"

namespace quantd {
namespace {

// Blobs that no layer reads.
std::set<std::string> Outputs(const caffe::NetParameter& net) {
  std::set<std::string> outputs;
  for (const caffe::LayerParameter& layer : net.layer()) {
    for (const std::string& bottom : layer.bottom()) outputs.erase(bottom);
    for (const std::string& top : layer.top()) outputs.insert(top);
  }
  return outputs;
}

}  // namespace

absl::StatusOr<ScoreOutput> FindScoreOutput(const caffe::NetParameter& net) {
  for (int i = net.layer_size() - 1; i >= 0; --i) {
    const caffe::LayerParameter& layer = net.layer(i);
    if (layer.type() == "SoftmaxWithLoss" && layer.bottom_size() > 0) {
      return ScoreOutput{layer.bottom(0), false};
    }
    if (layer.type() == "Softmax" && layer.top_size() == 1) {
      return ScoreOutput{layer.top(0), true};
    }
  }
  for (const caffe::LayerParameter& layer : net.layer()) {
    if (layer.type() == "Accuracy" && layer.bottom_size() > 0) {
      return ScoreOutput{layer.bottom(0), false};
    }
  }
  const std::set<std::string> outputs = Outputs(net);
  if (outputs.size() == 1) return ScoreOutput{*outputs.begin(), false};
  return Error(absl::StatusCode::kFailedPrecondition, "BLOB_NOT_FOUND",
               "cannot tell which blob holds the class scores: the network has "
               "no Softmax, SoftmaxWithLoss or Accuracy layer and its outputs "
               "are " +
                   absl::StrJoin(outputs, ", ") +
                   "; add a Softmax layer over the scores",
               {{"available", absl::StrJoin(outputs, ",")}});
}

}  // namespace quantd
