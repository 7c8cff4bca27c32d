#include "engine/graph/attach_data.h"

#include <string>

#include "base/testing/status_matchers.h"
#include "engine/model/prototxt.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::testing::ElementsAre;

constexpr char kInputNet[] =
    "layer { name: \"in\" type: \"Input\" top: \"data\" "
    "  input_param { shape { dim: 4 dim: 3 dim: 8 dim: 8 } } } "
    "layer { name: \"p\" type: \"Pooling\" bottom: \"data\" top: \"label\" }";
constexpr char kDataNet[] =
    "layer { name: \"d\" type: \"Data\" top: \"data\" top: \"label\" "
    "  transform_param { scale: 0.5 } "
    "  data_param { source: \"old\" batch_size: 7 backend: LEVELDB } }";

caffe::NetParameter Parse(const std::string& text) {
  auto net = ParseNetPrototxt(text, "net");
  EXPECT_OK(net);
  return *std::move(net);
}

TEST(AttachDataTest, SetsTheSourceOfADataLayer) {
  caffe::NetParameter net = Parse(kDataNet);
  EXPECT_TRUE(HasDataLayer(net));
  ASSERT_OK(SetDataSource(&net, "/new", 0));
  const caffe::DataParameter& data = net.layer(0).data_param();
  EXPECT_EQ(data.source(), "/new");
  EXPECT_EQ(data.backend(), caffe::DataParameter::LMDB);
  EXPECT_EQ(data.batch_size(), 7u);
  EXPECT_EQ(net.layer(0).transform_param().scale(), 0.5f);
  ASSERT_OK(SetDataSource(&net, "/new", 32));
  EXPECT_EQ(net.layer(0).data_param().batch_size(), 32u);
}

TEST(AttachDataTest, ReplacesAnInputLayer) {
  caffe::NetParameter net = Parse(kInputNet);
  EXPECT_FALSE(HasDataLayer(net));
  caffe::TransformationParameter transform;
  transform.set_crop_size(8);
  ASSERT_OK_AND_ASSIGN(const std::string label,
                       ReplaceInputByData(&net, "/lmdb", 0, transform));
  EXPECT_EQ(label, "label_1");
  const caffe::LayerParameter& layer = net.layer(0);
  EXPECT_EQ(layer.name(), "in");
  EXPECT_EQ(layer.type(), "Data");
  EXPECT_THAT(layer.top(), ElementsAre("data", "label_1"));
  EXPECT_FALSE(layer.has_input_param());
  EXPECT_EQ(layer.data_param().batch_size(), 4u);
  EXPECT_EQ(layer.data_param().source(), "/lmdb");
  EXPECT_EQ(layer.transform_param().crop_size(), 8u);
}

TEST(AttachDataTest, RefusesWhatCannotBeFed) {
  caffe::NetParameter input = Parse(kInputNet);
  caffe::NetParameter data = Parse(kDataNet);
  EXPECT_THAT(SetDataSource(&input, "/x", 1), HasReason("MODEL_INVALID"));
  EXPECT_THAT(SetDataSource(&data, "/x", -1), HasReason("OPTION_OUT_OF_RANGE"));
  EXPECT_THAT(SetDataSource(&data, "/x", 65537),
              HasReason("OPTION_OUT_OF_RANGE"));
  EXPECT_THAT(ReplaceInputByData(&data, "/x", 1, {}),
              HasReason("OPTION_CONFLICT"));
  caffe::NetParameter two_data = data;
  *two_data.add_layer() = data.layer(0);
  EXPECT_THAT(SetDataSource(&two_data, "/x", 1), HasReason("MODEL_INVALID"));
  caffe::NetParameter two_tops = input;
  two_tops.mutable_layer(0)->add_top("second");
  EXPECT_THAT(ReplaceInputByData(&two_tops, "/x", 1, {}),
              HasReason("MODEL_INVALID"));
  caffe::NetParameter none;
  EXPECT_THAT(ReplaceInputByData(&none, "/x", 1, {}),
              HasReason("MODEL_INVALID"));
  caffe::NetParameter shapeless = input;
  shapeless.mutable_layer(0)->clear_input_param();
  EXPECT_THAT(ReplaceInputByData(&shapeless, "/x", 0, {}),
              HasReason("OPTION_OUT_OF_RANGE"));
  EXPECT_OK(ReplaceInputByData(&shapeless, "/x", 2, {}));
}

}  // namespace
}  // namespace quantd
