// Whole float nets with AMCT's IFMR layers: our streaming observers against the
// records that those layers wrote. Not here: the single vectors (amct_cases).

#include <cmath>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"
#include "engine/core/net.h"
#include "engine/layers/registry.h"
#include "engine/model/load_model.h"
#include "engine/quant/ifmr_observer.h"
#include "google/protobuf/text_format.h"
#include "proto/amct/scale_offset_record_nnn.pb.h"
#include "tests/golden/npy.h"

namespace quantd {
namespace {

struct RecordCase {
  const char* folder;
  const char* weights;  // Relative to the data directory.
  const char* variant;  // Suffix of prototxt and record.
};

// One IFMR layer of the prototxt.
struct Ifmr {
  int after_layer;  // Runs after this layer of the net without IFMR layers.
  caffe::LayerParameter param;
  std::vector<const Tensor*> bottoms;
  std::unique_ptr<IfmrObserver> observer;
};

IfmrParams ParamsOf(const caffe::IFMRParameter& ifmr) {
  IfmrParams params;
  params.with_offset = ifmr.with_offset();
  params.search_range_start = ifmr.search_range_start();
  params.search_range_end = ifmr.search_range_end();
  params.search_step = ifmr.search_step();
  params.max_percentile = ifmr.max_percentile();
  params.min_percentile = ifmr.min_percentile();
  return params;
}

std::string DataDirectory() {
  const char* data = std::getenv("QUANTD_TEST_DATA");
  return data == nullptr ? "" : data;
}

// Takes the IFMR layers out of `net`.
std::vector<Ifmr> SplitIfmr(caffe::NetParameter* net) {
  std::vector<Ifmr> result;
  caffe::NetParameter plain = *net;
  plain.clear_layer();
  for (const caffe::LayerParameter& layer : net->layer()) {
    if (layer.type() == "IFMR") {
      result.push_back({plain.layer_size() - 1, layer, {}, nullptr});
    } else {
      *plain.add_layer() = layer;
    }
  }
  *net = plain;
  return result;
}

absl::Status Observe(int64_t num_batches, Ifmr* ifmr) {
  int64_t count = 0;
  for (const Tensor* bottom : ifmr->bottoms) count += bottom->num_elements();
  if (ifmr->observer == nullptr) {
    ASSIGN_OR_RETURN(IfmrObserver observer,
                     IfmrObserver::Create(ParamsOf(ifmr->param.ifmr_param()),
                                          count * num_batches));
    ifmr->observer = std::make_unique<IfmrObserver>(std::move(observer));
  }
  for (const Tensor* bottom : ifmr->bottoms) {
    RETURN_IF_ERROR(ifmr->observer->Add(bottom->values()));
  }
  return absl::OkStatus();
}

class AmctRecordsTest : public ::testing::TestWithParam<RecordCase> {};

TEST_P(AmctRecordsTest, StreamingIfmrGivesAmctsRecord) {
  const std::string data = DataDirectory();
  if (data.empty()) GTEST_SKIP() << "QUANTD_TEST_DATA is not set";
  const RecordCase& which = GetParam();
  const std::string folder =
      absl::StrCat(data, "/golden/amct_records/", which.folder);
  const std::string model_name = absl::StrCat("ifmr", which.variant);

  ASSERT_OK_AND_ASSIGN(const std::string prototxt,
                       ReadFileBytes(folder + "/" + model_name + ".prototxt"));
  ASSERT_OK_AND_ASSIGN(const std::string weights,
                       ReadFileBytes(data + "/" + which.weights));
  ASSERT_OK_AND_ASSIGN(LoadedModel model,
                       LoadModel(prototxt, "prototxt", weights, "weights"));
  std::vector<Ifmr> searches = SplitIfmr(&model.net);
  ASSERT_FALSE(searches.empty());
  ASSERT_OK_AND_ASSIGN(auto net, Net::Create(model.net, {}, MakeLayer));
  for (Ifmr& ifmr : searches) {
    for (const std::string& bottom : ifmr.param.bottom()) {
      ASSERT_OK_AND_ASSIGN(const Tensor* blob, net->Blob(bottom));
      ifmr.bottoms.push_back(blob);
    }
  }

  ASSERT_OK_AND_ASSIGN(const NpyArray inputs, ReadNpy(folder + "/inputs.npy"));
  ASSERT_OK_AND_ASSIGN(const std::vector<float> values, inputs.Values<float>());
  const int64_t num_batches = inputs.shape[0];
  ASSERT_OK_AND_ASSIGN(
      const Shape shape,
      Shape::Create({inputs.shape.begin() + 1, inputs.shape.end()}));
  ASSERT_OK_AND_ASSIGN(Tensor * input, net->MutableBlob(net->input_names()[0]));
  ASSERT_OK(input->Resize(shape));
  for (int64_t batch = 0; batch < num_batches; ++batch) {
    std::copy_n(values.data() + batch * shape.num_elements(),
                shape.num_elements(), input->data());
    ASSERT_OK(net->Forward([&](int index) -> absl::Status {
      for (Ifmr& ifmr : searches) {
        if (ifmr.after_layer != index) continue;
        RETURN_IF_ERROR(Observe(num_batches, &ifmr));
      }
      return absl::OkStatus();
    }));
  }

  ASSERT_OK_AND_ASSIGN(
      const std::string record_text,
      ReadFileBytes(folder + "/record" + which.variant + ".txt"));
  amct::nnn::ScaleOffsetRecord record;
  ASSERT_TRUE(
      google::protobuf::TextFormat::ParseFromString(record_text, &record));
  std::map<std::string, amct::nnn::SingleLayerRecord> expected;
  for (const auto& entry : record.record())
    expected[entry.key()] = entry.value();

  int compared = 0;
  for (const Ifmr& ifmr : searches) {
    ASSERT_OK_AND_ASSIGN(const IfmrResult result, ifmr.observer->Finish());
    for (const std::string& layer : ifmr.param.ifmr_param().object_layer()) {
      ASSERT_EQ(expected.count(layer), 1u) << layer;
      const auto& want = expected[layer];
      EXPECT_NEAR(result.scale, want.scale_d(), 1e-5 * want.scale_d()) << layer;
      EXPECT_EQ(result.offset, want.offset_d()) << layer;
      ++compared;
    }
  }
  EXPECT_EQ(compared, static_cast<int>(expected.size()));
}

constexpr char kLenet[] = "models/lenet_mnist/lenet_mnist.caffemodel";
constexpr char kResnet[] = "models/cifar_resnet20/resnet20.caffemodel";

INSTANTIATE_TEST_SUITE_P(
    All, AmctRecordsTest,
    ::testing::Values(RecordCase{"lenet", kLenet, ""},
                      RecordCase{"lenet", kLenet, "_sym"},
                      RecordCase{"lenet", kLenet, "_p0.999"},
                      RecordCase{"lenet", kLenet, "_p1"},
                      RecordCase{"lenet", kLenet, "_joint"},
                      RecordCase{"cifar_resnet20", kResnet, ""},
                      RecordCase{"cifar_resnet20", kResnet, "_sym"},
                      RecordCase{"cifar_resnet20", kResnet, "_p0.999"},
                      RecordCase{"cifar_resnet20", kResnet, "_p1"}),
    [](const auto& info) {
      std::string name = absl::StrCat(info.param.folder, info.param.variant);
      for (char& c : name) {
        if (c == '.') c = '_';
      }
      return name;
    });

}  // namespace
}  // namespace quantd
