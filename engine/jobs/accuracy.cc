#include "engine/jobs/accuracy.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/status_macros.h"
#include "engine/core/net.h"
#include "engine/eval/top_k.h"
#include "engine/graph/optimize_for_inference.h"
#include "engine/jobs/feed_reader.h"
#include "engine/jobs/score_output.h"
#include "engine/layers/registry.h"

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
  return Net::Create(std::move(optimized), options, MakeLayer);
}

absl::Status CheckLabels(const FeedReader& reader) {
  if (reader.has_labels()) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition,
               "EVALUATION_INPUT_INVALID",
               "the arrays have no labels to compare the scores with; add "
               "them, as in --data label=FILE.npy");
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
  RETURN_IF_ERROR(CheckLabels(*reader));
  ASSIGN_OR_RETURN(
      auto net, MakeNet(WithInputLayer(std::move(param), reader->inputs(), 1),
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
  int64_t num_records = 0;
  while (num_records < wanted) {
    ASSIGN_OR_RETURN(const int64_t count, reader->Next(net.get(), &labels));
    if (count == 0) break;
    if (options.survey != nullptr) {
      ASSIGN_OR_RETURN(const Tensor* input, net->Blob(feed.data_blob));
      options.survey->Add(*input, count);
    }
    RETURN_IF_ERROR(net->Forward(after_layer));
    ASSIGN_OR_RETURN(const Tensor* scores, net->Blob(output.blob));
    const int64_t used = std::min(count, wanted - num_records);
    const int64_t num_rows = std::max<int64_t>(1, scores->shape().LegacyDim(0));
    num_classes = scores->num_elements() / num_rows;
    // A record of a whole input has several rows.
    const Tensor rows = FirstRows(*scores, used * num_rows / count);
    RETURN_IF_ERROR(top_k.Add(rows, FirstRows(labels, used)));
    num_records += used;
    tracker->Advance(num_records / options.batch_size, used);
  }
  return ToProto(top_k, num_classes);
}

}  // namespace quantd
