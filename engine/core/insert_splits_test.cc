#include "engine/core/insert_splits.h"

#include <string>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

caffe::NetParameter Parse(const std::string& text) {
  caffe::NetParameter net;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &net))
      << text;
  return net;
}

void ExpectSplits(const std::string& net, const std::string& expected) {
  EXPECT_EQ(InsertSplits(Parse(net)).DebugString(),
            Parse(expected).DebugString());
}

TEST(InsertSplitsTest, OneReaderOrNoneNeedsNoSplit) {
  const std::string net =
      "name: 'n' layer { name: 'in' type: 'Input' top: 'x' top: 'unread' } "
      "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'y' }";
  ExpectSplits(net, net);
}

TEST(InsertSplitsTest, EveryReaderGetsACopyInFileOrder) {
  ExpectSplits(
      "layer { name: 'in' type: 'Input' top: 'w' top: 'x' } "
      "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'y' } "
      "layer { name: 'e' type: 'Eltwise' bottom: 'y' bottom: 'x' top: 'z' }",
      "layer { name: 'in' type: 'Input' top: 'w' top: 'x' } "
      "layer { name: 'x_in_1_split' type: 'Split' bottom: 'x' "
      "  top: 'x_in_1_split_0' top: 'x_in_1_split_1' } "
      "layer { name: 'r' type: 'ReLU' bottom: 'x_in_1_split_0' top: 'y' } "
      "layer { name: 'e' type: 'Eltwise' bottom: 'y' "
      "  bottom: 'x_in_1_split_1' top: 'z' }");
}

TEST(InsertSplitsTest, OneLayerThatReadsTwiceIsTwoReaders) {
  ExpectSplits(
      "layer { name: 'in' type: 'Input' top: 'x' } "
      "layer { name: 'e' type: 'Eltwise' bottom: 'x' bottom: 'x' top: 'z' }",
      "layer { name: 'in' type: 'Input' top: 'x' } "
      "layer { name: 'x_in_0_split' type: 'Split' bottom: 'x' "
      "  top: 'x_in_0_split_0' top: 'x_in_0_split_1' } "
      "layer { name: 'e' type: 'Eltwise' bottom: 'x_in_0_split_0' "
      "  bottom: 'x_in_0_split_1' top: 'z' }");
}

TEST(InsertSplitsTest, VersionsOfABlobAreCountedApart) {
  // The first version has one reader, the ReLU; the second has two.
  ExpectSplits(
      "layer { name: 'in' type: 'Input' top: 'x' } "
      "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'x' } "
      "layer { name: 'a' type: 'ReLU' bottom: 'x' top: 'y' } "
      "layer { name: 'b' type: 'ReLU' bottom: 'x' top: 'z' }",
      "layer { name: 'in' type: 'Input' top: 'x' } "
      "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'x' } "
      "layer { name: 'x_r_0_split' type: 'Split' bottom: 'x' "
      "  top: 'x_r_0_split_0' top: 'x_r_0_split_1' } "
      "layer { name: 'a' type: 'ReLU' bottom: 'x_r_0_split_0' top: 'y' } "
      "layer { name: 'b' type: 'ReLU' bottom: 'x_r_0_split_1' top: 'z' }");
}

TEST(InsertSplitsTest, LossWeightMovesToCopyZero) {
  // The loss is a reader too: the ReLU has copy 1.
  ExpectSplits(
      "layer { name: 'l' type: 'Input' top: 'x' loss_weight: 2 } "
      "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'y' }",
      "layer { name: 'l' type: 'Input' top: 'x' loss_weight: 0 } "
      "layer { name: 'x_l_0_split' type: 'Split' bottom: 'x' "
      "  top: 'x_l_0_split_0' top: 'x_l_0_split_1' "
      "  loss_weight: 2 loss_weight: 0 } "
      "layer { name: 'r' type: 'ReLU' bottom: 'x_l_0_split_1' top: 'y' }");
}

TEST(InsertSplitsTest, LossThatNobodyReadsKeepsItsWeight) {
  const std::string net =
      "layer { name: 'l' type: 'Input' top: 'x' loss_weight: 2 }";
  ExpectSplits(net, net);
}

TEST(InsertSplitsTest, UnknownBottomIsLeft) {
  const std::string net =
      "layer { name: 'e' type: 'Eltwise' bottom: 'q' bottom: 'q' top: 'z' }";
  ExpectSplits(net, net);
}

}  // namespace
}  // namespace quantd
