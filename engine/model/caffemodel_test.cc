#include "engine/model/caffemodel.h"

#include <string>

#include "base/testing/status_matchers.h"
#include "engine/model/wire_limits.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::quantd::testing::StatusIs;
using ::testing::ElementsAre;

constexpr auto kInvalidArgument = absl::StatusCode::kInvalidArgument;

caffe::NetParameter SmallNet() {
  caffe::NetParameter net;
  net.set_name("n");
  caffe::LayerParameter* const layer = net.add_layer();
  layer->set_name("ip");
  layer->set_type("InnerProduct");
  caffe::BlobProto* const blob = layer->add_blobs();
  blob->mutable_shape()->add_dim(2);
  blob->add_data(1);
  blob->add_data(-2);
  return net;
}

// A length-delimited field of LayerParameter or NetParameter, number < 2^11.
std::string Bytes(int number, const std::string& value) {
  std::string field;
  const int tag = number << 3 | 2;
  field.push_back(static_cast<char>(tag & 0x7F) | static_cast<char>(0x80));
  field.push_back(static_cast<char>(tag >> 7));
  size_t size = value.size();
  for (; size >= 0x80; size >>= 7) {
    field.push_back(static_cast<char>(size | 0x80));
  }
  field.push_back(static_cast<char>(size));
  return field + value;
}

TEST(CaffemodelTest, ReadsWhatItWrites) {
  ASSERT_OK_AND_ASSIGN(const std::string bytes,
                       SerializeCaffemodel(SmallNet()));
  ASSERT_OK_AND_ASSIGN(const caffe::NetParameter net,
                       ParseCaffemodel(bytes, "m.caffemodel"));
  EXPECT_EQ(net.layer(0).name(), "ip");
  EXPECT_THAT(net.layer(0).blobs(0).data(), ElementsAre(1, -2));
  ASSERT_OK_AND_ASSIGN(const std::string again, SerializeCaffemodel(net));
  EXPECT_EQ(again, bytes);
}

TEST(CaffemodelTest, UnknownFieldsAreKept) {
  const std::string layer = Bytes(1, "a") + Bytes(1999, "vendor");
  const std::string bytes = Bytes(100, layer);
  ASSERT_OK_AND_ASSIGN(const caffe::NetParameter net,
                       ParseCaffemodel(bytes, "m"));
  EXPECT_EQ(net.layer(0).name(), "a");
  ASSERT_OK_AND_ASSIGN(const std::string again, SerializeCaffemodel(net));
  EXPECT_NE(again.find("vendor"), std::string::npos);
}

TEST(CaffemodelTest, EveryTruncationIsAnErrorOrAShorterNet) {
  ASSERT_OK_AND_ASSIGN(const std::string bytes,
                       SerializeCaffemodel(SmallNet()));
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THAT(ParseCaffemodel(bytes.substr(0, size), "m"),
                HasReason("CAFFEMODEL_PARSE"))
        << size;
  }
}

TEST(CaffemodelTest, SingleDamagedBytesNeverCrash) {
  ASSERT_OK_AND_ASSIGN(const std::string bytes,
                       SerializeCaffemodel(SmallNet()));
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(value);
      ParseCaffemodel(damaged, "m").IgnoreError();
    }
  }
}

TEST(CaffemodelTest, TellsWhatAFileIsInstead) {
  const auto parse = [](const std::string& bytes) {
    return ParseCaffemodel(bytes, "m");
  };
  EXPECT_THAT(parse(""), StatusIs(kInvalidArgument, "empty"));
  EXPECT_THAT(parse("version https://git-lfs.github.com/spec/v1\n"),
              StatusIs(kInvalidArgument, "Git LFS pointer"));
  EXPECT_THAT(parse("\x89HDF\r\n\x1a\n"), HasReason("HDF5_INVALID"));
  EXPECT_THAT(parse("name: \"net\"\n"), StatusIs(kInvalidArgument, "text"));
  EXPECT_THAT(parse(std::string("PK\3\4")),
              StatusIs(kInvalidArgument, "compressed"));
  EXPECT_THAT(parse(SmallNet().layer(0).blobs(0).SerializeAsString()),
              StatusIs(kInvalidArgument, "holds no layers"));
}

TEST(CaffemodelTest, RefusesWhatWouldNeedTooMuchMemory) {
  std::string layers;
  for (int i = 0; i <= kMaxWireLayers; ++i) layers += Bytes(100, "");
  EXPECT_THAT(ParseCaffemodel(layers, "m"),
              StatusIs(kInvalidArgument, "layers"));
  std::string blobs;
  for (int i = 0; i <= kMaxWireBlobsPerLayer; ++i) blobs += Bytes(7, "");
  EXPECT_THAT(ParseCaffemodel(Bytes(100, blobs), "m"),
              StatusIs(kInvalidArgument, "blobs in one layer"));
  const std::string shape = Bytes(7, Bytes(1, std::string(2000, '\1')));
  EXPECT_THAT(ParseCaffemodel(Bytes(100, Bytes(7, shape)), "m"),
              StatusIs(kInvalidArgument, "too many axes"));
  const std::string many_tops(kMaxWireSettingsBytes + 1, '\0');
  EXPECT_THAT(ParseCaffemodel(Bytes(100, Bytes(4, many_tops)), "m"),
              StatusIs(kInvalidArgument, "layer settings"));
}

TEST(CaffemodelTest, RefusesDeepNesting) {
  // include, an unknown message here, in itself; sizes from inside out.
  std::string nested;
  for (int i = 0; i < 300; ++i) nested = Bytes(5, nested);
  EXPECT_OK(ParseCaffemodel(Bytes(100, Bytes(1, "a") + Bytes(8, nested)), "m"));
  // net_state groups nest in unknown fields: refused at the first level.
  const std::string groups(1000, '\x0b');  // Start of group 1.
  EXPECT_THAT(ParseCaffemodel(Bytes(100, groups), "m"),
              HasReason("CAFFEMODEL_PARSE"));
  EXPECT_THAT(ParseCaffemodel(Bytes(100, Bytes(8, groups)), "m"),
              HasReason("CAFFEMODEL_PARSE"));
}

TEST(CaffemodelTest, BvlcNumbersOfClipAndSwishAreUnderstood) {
  caffe::ClipParameter clip;
  clip.set_min(-1.5f);
  clip.set_max(6);
  caffe::SwishParameter swish;
  swish.set_beta(2);
  const std::string bytes =
      Bytes(100, Bytes(2, "Clip") + Bytes(148, clip.SerializeAsString())) +
      Bytes(100, Bytes(2, "Swish") + Bytes(147, swish.SerializeAsString()));
  ASSERT_OK_AND_ASSIGN(const caffe::NetParameter net,
                       ParseCaffemodel(bytes, "m"));
  EXPECT_EQ(net.layer(0).clip_param().min(), -1.5f);
  EXPECT_EQ(net.layer(0).clip_param().max(), 6);
  EXPECT_FALSE(net.layer(0).has_smooth_l1_loss_param());
  EXPECT_EQ(net.layer(1).swish_param().beta(), 2);
}

TEST(CaffemodelTest, CannsOffsetsBecomeNumbers) {
  // quant_param (208) with offset (3) as one byte.
  const std::string bytes =
      Bytes(100, Bytes(1, "q") + Bytes(208, std::string("\x1A\x01\xF2")));
  ASSERT_OK_AND_ASSIGN(const caffe::NetParameter net,
                       ParseCaffemodel(bytes, "m"));
  EXPECT_EQ(net.layer(0).quant_param().offset(), -14);
  EXPECT_TRUE(net.layer(0).quant_param().unknown_fields().empty());
}

}  // namespace
}  // namespace quantd
