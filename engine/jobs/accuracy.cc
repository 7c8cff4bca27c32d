#include "engine/jobs/accuracy.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "base/status_macros.h"
#include "engine/core/net.h"
#include "engine/eval/top_k.h"
#include "engine/graph/optimize_for_inference.h"
#include "engine/jobs/score_output.h"
#include "engine/simulator/simulator.h"

namespace quantd {
namespace {

// The first `count` rows of `tensor`.
Tensor FirstRows(const Tensor& tensor, int64_t count) {
  std::vector<int64_t> dims = tensor.shape().dims();
  if (dims.empty() || dims[0] <= count) return tensor;
  dims[0] = count;
  auto shape = Shape::Create(dims);
  Tensor rows(*shape);
  std::copy_n(tensor.data(), rows.num_elements(), rows.data());
  return rows;
}

// `param` made to compute `output` fast.
absl::StatusOr<std::unique_ptr<Net>> MakeNet(caffe::NetParameter param,
                                             const std::string& output) {
  Net::Options options;
  options.inference = true;
  options.keep_blobs = {output};
  ASSIGN_OR_RETURN(caffe::NetParameter optimized,
                   OptimizeForInference(std::move(param), options.keep_blobs));
  return CreateSimulator(std::move(optimized), options);
}

v1::Accuracy ToProto(const TopK& top_k, int64_t num_classes) {
  v1::Accuracy accuracy;
  accuracy.set_top1(top_k.top1());
  accuracy.set_top5(num_classes > 5 ? top_k.top5() : -1);
  accuracy.set_loss(top_k.mean_cross_entropy());
  accuracy.set_num_records(top_k.num_images());
  accuracy.set_num_ties(top_k.num_ties());
  return accuracy;
}

}  // namespace

absl::StatusOr<v1::Accuracy> MeasureAccuracy(caffe::NetParameter param,
                                             const NetworkFeed& feed,
                                             const AccuracyOptions& options,
                                             PhaseTracker* tracker) {
  ASSIGN_OR_RETURN(const ScoreOutput output, FindScoreOutput(param));
  ASSIGN_OR_RETURN(auto reader, OpenFeed(feed, options.lmdb_path, 1));
  ASSIGN_OR_RETURN(auto net, MakeNet(WithInputLayer(std::move(param), feed, 1,
                                                    reader->image_shape()),
                                     output.blob));
  RETURN_IF_ERROR(
      reader->SetBatchSize(ImagesPerPass(*net, options.batch_size)));
  const auto after_layer = [tracker](int) { return tracker->CheckCancelled(); };
  const int64_t wanted = options.max_records > 0
                             ? options.max_records
                             : std::numeric_limits<int64_t>::max();
  TopK top_k(output.is_probability ? ScoreKind::kProbabilities
                                   : ScoreKind::kLogits);
  Tensor labels;
  int64_t num_classes = 0;
  while (top_k.num_images() < wanted) {
    ASSIGN_OR_RETURN(const int64_t count,
                     FeedBatch(feed, reader.get(), net.get(), &labels));
    if (count == 0) break;
    if (options.survey != nullptr) {
      ASSIGN_OR_RETURN(const Tensor* input, net->Blob(feed.data_blob));
      options.survey->Add(*input, count);
    }
    RETURN_IF_ERROR(net->Forward(after_layer));
    ASSIGN_OR_RETURN(const Tensor* scores, net->Blob(output.blob));
    const int64_t used = std::min(count, wanted - top_k.num_images());
    num_classes =
        scores->num_elements() / std::max<int64_t>(1, scores->shape()[0]);
    RETURN_IF_ERROR(
        top_k.Add(FirstRows(*scores, used), FirstRows(labels, used)));
    tracker->Advance(top_k.num_images() / options.batch_size, used);
  }
  return ToProto(top_k, num_classes);
}

}  // namespace quantd
