// Exports real networks, if the data directory is there: what is written must
// load again and keep the topology.
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "base/testing/status_matchers.h"
#include "engine/export/export.h"
#include "engine/export/layer_weights.h"
#include "engine/graph/fuse_batch_norm.h"
#include "engine/graph/uninplace.h"
#include "engine/model/load_model.h"
#include "engine/quant/arq.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

struct ModelFiles {
  std::string prototxt;
  std::string caffemodel;
};

std::ostream& operator<<(std::ostream& out, const ModelFiles& model) {
  return out << model.prototxt;
}

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

// ARQ's steps, and the same invented factors for every blob.
amct::ScaleOffsetRecord MakeRecord(const caffe::NetParameter& net,
                                   const QuantPlan& plan) {
  std::map<std::string, amct::SingleLayerRecord> layers;
  for (const QuantizedBlob& blob : plan.blobs) {
    for (const BlobConsumer& consumer : blob.consumers) {
      auto* input = layers[consumer.layer].add_record_d();
      input->set_index(consumer.bottom_index);
      input->set_scale_d(0.5f);
      input->set_offset_d(-1);
    }
  }
  for (const WeightLayer& weights : plan.weights) {
    const caffe::LayerParameter& layer = net.layer(weights.layer_index);
    ArqParams params;
    params.channel_wise = weights.params.channel_wise;
    if (params.channel_wise) {
      params.num_scales = WeightLayoutOf(layer)->num_channels();
    }
    const auto factors = ArqSearch<double>(*ChannelRows(layer), params);
    EXPECT_OK(factors);
    for (float scale : factors->scale) {
      layers[weights.layer].add_scale_w(scale);
      layers[weights.layer].add_offset_w(0);
    }
  }
  amct::ScaleOffsetRecord record;
  for (const auto& [name, layer] : layers) {
    auto* entry = record.add_record();
    entry->set_key(name);
    *entry->mutable_value() = layer;
  }
  return record;
}

class ExportModelsTest : public ::testing::TestWithParam<ModelFiles> {};

TEST_P(ExportModelsTest, WrittenModelsLoadAgain) {
  const std::string prototxt = Read(DataPath(GetParam().prototxt));
  const std::string weights = Read(DataPath(GetParam().caffemodel));
  if (prototxt.empty() || weights.empty()) {
    GTEST_SKIP() << "no " << DataPath(GetParam().prototxt);
  }
  ASSERT_OK_AND_ASSIGN(const LoadedModel model,
                       LoadModel(prototxt, "m.prototxt", weights, "m.weights"));
  ASSERT_OK_AND_ASSIGN(const QuantConfig config, DefaultQuantConfig(model.net));
  ASSERT_OK_AND_ASSIGN(const caffe::NetParameter original,
                       Uninplace(model.net));
  ASSERT_OK_AND_ASSIGN(const FusedNet fused, FuseBatchNorm(original, {}));
  ASSERT_OK_AND_ASSIGN(const QuantPlan plan, MakeQuantPlan(fused.net, config));
  EXPECT_GT(plan.weights.size(), 2u);
  const amct::ScaleOffsetRecord record = MakeRecord(fused.net, plan);
  ASSERT_OK_AND_ASSIGN(const auto files,
                       ExportSs928({fused.net, original, fused.report, config,
                                    plan, record, "m"}));

  ASSERT_OK_AND_ASSIGN(const LoadedModel deploy,
                       LoadModel(files[0].contents, files[0].name,
                                 files[1].contents, files[1].name));
  EXPECT_EQ(deploy.net.layer_size(), fused.net.layer_size());
  for (const WeightLayer& layer : plan.weights) {
    const auto& written = deploy.net.layer(layer.layer_index);
    const auto& floats = fused.net.layer(layer.layer_index);
    EXPECT_EQ(written.name(), floats.name());
    EXPECT_EQ(static_cast<int>(written.blobs(0).int8_data().size()),
              floats.blobs(0).data_size());
    EXPECT_EQ(written.blobs(0).data_size(), 0);
  }
  ASSERT_OK_AND_ASSIGN(const LoadedModel fake,
                       LoadModel(files[2].contents, files[2].name,
                                 files[3].contents, files[3].name));
  EXPECT_EQ(fake.net.layer_size(),
            fused.net.layer_size() + static_cast<int>(plan.blobs.size()));
  EXPECT_THAT(fake.warnings, ::testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    All, ExportModelsTest,
    ::testing::Values(
        ModelFiles{"demo/digitnet_deploy.prototxt", "demo/digitnet.caffemodel"},
        ModelFiles{"demo/lenet_deploy.prototxt", "demo/lenet.caffemodel"},
        ModelFiles{"models/cifar_resnet20/deploy.prototxt",
                   "models/cifar_resnet20/resnet20.caffemodel"},
        ModelFiles{"models/cifar_resnet20/test.prototxt",
                   "models/cifar_resnet20/resnet20.caffemodel"},
        ModelFiles{"models/cifar10_quick/cifar10_quick.prototxt",
                   "models/cifar10_quick/cifar10_quick_iter_5000.caffemodel"},
        ModelFiles{"models/squeezenet_v1.0/deploy.prototxt",
                   "models/squeezenet_v1.0/squeezenet_v1.0_dc.caffemodel"},
        ModelFiles{"models/mtcnn/det3.prototxt",
                   "models/mtcnn/det3.caffemodel"}));

}  // namespace
}  // namespace quantd
