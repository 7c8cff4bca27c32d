// Against the shifts that AMCT's own SearchN layers found for LeNet, if the
// data directory is there.
#include "engine/jobs/calibration/find_shift_bits.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "base/testing/status_matchers.h"
#include "engine/jobs/testing/recording_monitor.h"
#include "engine/model/load_model.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "proto/amct/scale_offset_record_nnn.pb.h"

namespace quantd {
namespace {

using ::quantd::testing::RecordingMonitor;

std::string DataPath(const std::string& name) {
  const char* root = std::getenv("QUANTD_TEST_DATA");
  return std::string(root == nullptr ? "../shared" : root) + "/" + name;
}

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream contents;
  contents << file.rdbuf();
  return contents.str();
}

TEST(FindShiftBitsTest, FindsWhatSearchNFound) {
  const std::string weights =
      Read(DataPath("models/lenet_mnist/lenet_mnist.caffemodel"));
  const std::string text =
      Read(DataPath("golden/amct_records/lenet/record_searchn.txt"));
  if (weights.empty() || text.empty()) {
    GTEST_SKIP() << "needs QUANTD_TEST_DATA";
  }
  amct::nnn::ScaleOffsetRecord record;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &record));
  ASSERT_OK_AND_ASSIGN(
      const LoadedModel model,
      LoadModel(Read(DataPath("models/lenet_mnist/lenet_deploy.prototxt")),
                "lenet.prototxt", weights, "lenet.caffemodel"));
  QuantPlan plan;
  PlanFactors factors;
  for (int i = 0; i < model.net.layer_size(); ++i) {
    const caffe::LayerParameter& layer = model.net.layer(i);
    for (const auto& entry : record.record()) {
      if (entry.key() != layer.name()) continue;
      const auto& value = entry.value();
      QuantizedBlob blob;
      blob.blob = layer.bottom(0);
      blob.consumers = {{i, layer.name(), 0}};
      plan.blobs.push_back(blob);
      plan.weights.push_back({i, layer.name(), WeightQuantParams()});
      factors.blobs.emplace_back();
      factors.blobs.back().ifmr.scale = value.scale_d();
      factors.weights.push_back(
          {{value.scale_w().begin(), value.scale_w().end()},
           {value.offset_w().begin(), value.offset_w().end()}});
    }
  }
  ASSERT_EQ(plan.weights.size(), 4);
  v1::Transform transform;
  transform.set_scale(0.00390625f);
  ASSERT_OK_AND_ASSIGN(const NetworkFeed feed,
                       FindFeed(model.net, &transform, JobInputs()));
  RecordingMonitor monitor;
  PhaseTracker tracker(&monitor);
  ASSERT_OK(FindShiftBits(plan, model.net, feed,
                          {DataPath("data/mnist_train_lmdb"), 32, 2}, &tracker,
                          &factors));
  // SearchN ran with float weights, so that a channel whose best two shifts are
  // as good as equal may have the other one.
  int differing = 0;
  for (size_t i = 0; i < plan.weights.size(); ++i) {
    for (const auto& entry : record.record()) {
      if (entry.key() != plan.weights[i].layer) continue;
      const auto& expected = entry.value().shift_bit();
      ASSERT_EQ(factors.shift_bits[i].size(),
                static_cast<size_t>(expected.size()));
      for (int c = 0; c < expected.size(); ++c) {
        differing += factors.shift_bits[i][c] != expected[c];
      }
    }
  }
  EXPECT_LE(differing, 2);
}

}  // namespace
}  // namespace quantd
