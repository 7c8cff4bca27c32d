#include "engine/model/cann_offset.h"

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

TEST(CannOffsetTest, StringsBecomeNumbersAtTheirPlace) {
  const struct {
    const char* from;
    const char* to;
  } cases[] = {
      {R"(quant_param { offset: "\200" scale: 2 })",
       R"(quant_param { offset: -128   scale: 2 })"},
      {R"(quant_param{offset:"\001"})", R"(quant_param{offset:1     })"},
      {R"(quant_param < offset: 'A' >)", R"(quant_param < offset: 65  >)"},
      {R"(quant_param { offset: "" })", R"(quant_param { offset: 0  })"},
      // The first byte counts.
      {R"(quant_param { offset: "\362\001" "x" } b: "y")",
       R"(quant_param { offset: -14            } b: "y")"},
      {R"(w_h_quant_param { offset: "\177" })",
       R"(w_h_quant_param { offset: 127    })"},
      // Raw bytes may be shorter than their number.
      {"quant_param { offset: \"\x80\" }", "quant_param { offset: -128 }"},
      // Not ours.
      {R"(quant_param { offset: -128 })", R"(quant_param { offset: -128 })"},
      {R"(quant_param { } x_param { offset: "\200" })",
       R"(quant_param { } x_param { offset: "\200" })"},
      {R"(quant_param { a { } offset: "\200" })",
       R"(quant_param { a { } offset: -128   })"},
      {R"(quant_param { object_layer: "offset" } # offset: "\200")",
       R"(quant_param { object_layer: "offset" } # offset: "\200")"},
      // Broken text is left to the parser.
      {"quant_param { offset: \"\\200\" } name: \"",
       "quant_param { offset: \"\\200\" } name: \""},
  };
  for (const auto& c : cases) EXPECT_EQ(NumbersForCannOffsets(c.from), c.to);
}

TEST(CannOffsetTest, BinaryFilesHaveBytes) {
  caffe::NetParameter net;
  for (const int offset : {-128, 0, 127}) {
    net.add_layer()->mutable_quant_param()->set_offset(offset);
  }
  net.add_layer();
  net.add_layer()->mutable_quant_param()->set_scale(1);
  net.add_layer()
      ->mutable_lstm_quant_param()
      ->mutable_w_h_quant_param()
      ->set_offset(-1);
  caffe::NetParameter stored = net;
  StoreCannOffsets(&stored);
  // Field 3 of length 1.
  EXPECT_EQ(stored.layer(0).quant_param().SerializeAsString(), "\x1A\x01\x80");
  EXPECT_FALSE(stored.layer(0).quant_param().has_offset());

  caffe::NetParameter loaded;
  ASSERT_TRUE(loaded.ParseFromString(stored.SerializeAsString()));
  LoadCannOffsets(&loaded);
  EXPECT_EQ(loaded.SerializeAsString(), net.SerializeAsString());
  LoadCannOffsets(&loaded);
  EXPECT_EQ(loaded.SerializeAsString(), net.SerializeAsString());
}

TEST(CannOffsetTest, Text) {
  EXPECT_EQ(CannOffsetText(-128), R"("\200")");
  EXPECT_EQ(CannOffsetText(-14), R"("\362")");
  EXPECT_EQ(CannOffsetText(0), R"("\000")");
  EXPECT_EQ(CannOffsetText(65), R"("A")");
  EXPECT_EQ(CannOffsetText(34), R"("\"")");
}

}  // namespace
}  // namespace quantd
